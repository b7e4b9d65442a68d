# What the plots of the speed have in common. Lines differ by their points and dashes too, so that
# they can be told apart without colour.

set terminal svg size 900,420 font "sans-serif,12" background "white"
set datafile missing "?"
set output svg
set grid ytics linecolor "#dddddd"
set border 3
set tics nomirror
set key outside right top
set yrange [0:*]

set style line 1 linecolor "#777777" dashtype 2 linewidth 1.5 pointtype 4
set style line 2 linecolor "#c00000" dashtype 1 linewidth 2.5 pointtype 7
set style line 3 linecolor "#1f6fb4" dashtype 3 linewidth 1.5 pointtype 8
set style line 4 linecolor "#b07d00" dashtype 4 linewidth 1.5 pointtype 10
set style line 5 linecolor "#3a7d34" dashtype 5 linewidth 1.5 pointtype 12
