# CPU of a GET against the number of entries.

load "style.gnuplot"
set logscale x 10
set xtics ("10 thousand" 1e4, "100 thousand" 1e5, "1 million" 1e6, "10 million" 1e7)
set xrange [8e3:1.3e7]
set xlabel "entries of 64 bytes, random keys"
set ylabel "CPU of the server a GET, us"
plot data using 1:2 with linespoints linestyle 2 title "cubbyd", \
     data using 1:3 with linespoints linestyle 1 title "floor"
