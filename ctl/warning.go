package ctl

import "mirrorgw/ctl/problem"

// Warning says what works otherwise than its author may expect. It is no error.
type Warning struct {
	problem.Problem
}

// String returns the sentence: place, resource, what happens, remedy.
func (w Warning) String() string { return w.Error() }
