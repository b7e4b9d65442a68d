# The servers side by side: CPU a request, one at a time and pipelined.

load "style.gnuplot"
set multiplot layout 1,2 margins 0.08,0.98,0.12,0.88 spacing 0.09,0
unset key
set style fill pattern 4 border
set boxwidth 0.6
set xrange [-0.6:6.6]
set xtics font ",9"
set yrange [0:*]
set offsets 0,0,graph 0.1,0
set ylabel "CPU of the server a request, us"
do for [i = 1:2] {
  set title (i == 1 ? "one at a time" : "16 pipelined")
  plot data using 0:(column(i + 2)):xtic(strcol(1)."\n".strcol(2)) with boxes linecolor "#555555", \
       data using 0:(strcol(1) eq "cubbyd" ? column(i + 2) : NaN) with boxes \
         fillstyle solid 0.9 linecolor "#c00000", \
       data using 0:(column(i + 2)):(sprintf("%.2f", column(i + 2))) with labels offset 0,0.7
  unset ylabel
}
unset multiplot
