# CPU of a GET and of a PUT against the size of the value.

load "style.gnuplot"
set logscale x 2
set logscale y 10
set yrange [*:*]
set xtics ("64 B" 64, "1 KiB" 1024, "16 KiB" 16384, "128 KiB" 131072, "1 MiB" 1048576)
set xrange [48:1500000]
set xlabel "bytes of a value"
set ylabel "CPU of the server a request, us"
plot data using 1:2 with linespoints linestyle 2 title "cubbyd, GET", \
     data using 1:3 with linespoints linestyle 1 title "floor, GET", \
     data using 1:4 with linespoints linestyle 2 dashtype 2 pointtype 6 title "cubbyd, PUT", \
     data using 1:5 with linespoints linestyle 1 dashtype 4 pointtype 5 title "floor, PUT"
