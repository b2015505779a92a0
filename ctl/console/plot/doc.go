// Package plot draws numbers over time as SVG, on the server: no script is needed to see a plot.
//
// A Plot becomes a <figure>: a caption, a legend that tells lines apart by dashes and words besides
// colour, the drawing with a title and a description, and the numbers as a table that opens on demand.
// Looks come from classes only (assets/plot.css of the console), so that a strict content security policy holds. The
// frame of the drawing stretches to the width that there is; its letters do not.
//
// Output is a function of the input: the same plot is the same bytes. What cannot be drawn (not a number,
// infinite) is missing; what is below 0 is drawn as 0.
package plot
