# Draws what memory_churn writes: gnuplot -e "csv='...'; svg='...'" churn.gnuplot

set datafile separator ","
set terminal svg size 900,420 font "sans-serif,12" background "white"
set output svg
set xlabel "seconds"
set ylabel "MB"
set yrange [0:*]
set key outside right top
set grid ytics linecolor "#dddddd"

stats csv skip 1 using 3 name "limit" nooutput
stats csv skip 1 using 4 name "bound" nooutput
set samples 2
phases = "'512 B' '64 B' '4 KiB' '300 B' '40 KiB' '64 B again' 'mixed'"
plot bound_max linecolor "#c00000" title "bound", \
     limit_max linecolor "#000000" dashtype 2 title "--max-memory", \
     for [phase in phases] csv skip 1 using 1:(strcol(5) eq phase ? $2 : NaN) \
       with lines linewidth 1.5 title "RSS, ".phase
