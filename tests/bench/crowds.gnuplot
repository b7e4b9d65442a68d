# CPU a request against the number of connections.

load "style.gnuplot"
set logscale x 10
set xrange [50:13000]
set xtics (64, "1,000" 1000, "10,000" 10000)
set xlabel "connections"
set ylabel "CPU of the server a request, us"
plot data using 1:2 with linespoints linestyle 2 title "cubbyd, all active", \
     data using 1:4 with linespoints linestyle 2 dashtype 2 pointtype 6 title "cubbyd, 64 active", \
     data using 1:3 with linespoints linestyle 1 dashtype 1 pointtype 5 title "floor, all active", \
     data using 1:5 with linespoints linestyle 1 title "floor, 64 active"
