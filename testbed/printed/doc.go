// Package printed keeps what a program prints, for whoever waits for a text in it or tells how it
// ended.
package printed
