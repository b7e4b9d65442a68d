# Throughput against how many requests are pipelined.

load "style.gnuplot"
set logscale x 2
set xlabel "requests pipelined on each of 64 connections, 10% PUT (nginx by wrk, the others by our load)"
set ylabel "million requests a second"
names = "floor cubbyd nginx Redis memcached"
plot for [i = 1:5] data using 1:(column(i + 1) / 1e6) \
  with linespoints linestyle i title word(names, i)
