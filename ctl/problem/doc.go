// Package problem is how the control plane says what is wrong with its input: sentences that
// name the place (file and line, or resource and key), the fault and the remedy.
package problem
