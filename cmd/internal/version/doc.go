// Package version knows the version of this tree's programs, which are built together.
package version
