package search

import "fmt"

// Trial is one trial: what was offered for a while, and what was lost.
type Trial struct {
	Rate    float64 `json:"rate"`    // offered, units of the caller's
	Offered uint64  `json:"offered"` // frames
	Lost    uint64  `json:"lost"`    // of these
}

// Share is the part that was lost, 0 to 1. A trial that offered nothing lost everything.
func (t Trial) Share() float64 {
	if t.Offered == 0 {
		return 1
	}
	return float64(t.Lost) / float64(t.Offered)
}

// Options of a search.
type Options struct {
	Most       float64 // highest rate that can be offered, above 0
	Allowed    float64 // share that may be lost: 0, or 0.005 for a partial drop rate of 0.5 %
	Resolution float64 // the search ends when its interval is this part of Most, above 0
	// Votes is how many trials decide on a rate by majority, an odd number. A machine that is not ours
	// alone takes the CPU away for a millisecond now and then, which says nothing about a rate.
	Votes int
}

// Found is the end of a search.
type Found struct {
	Rate    float64 `json:"rate"`    // highest rate that passed; 0 when none did
	Ceiling bool    `json:"ceiling"` // Most passed: the device may be able to do more
	Trials  []Trial `json:"trials"`  // in order
}

func (o *Options) check() error {
	switch {
	case o.Most <= 0:
		return fmt.Errorf("search up to a rate of %g: give one above 0", o.Most)
	case o.Allowed < 0 || o.Allowed >= 1:
		return fmt.Errorf("allowed loss of %g: give a share of 0 to less than 1", o.Allowed)
	case o.Resolution <= 0 || o.Resolution >= 1:
		return fmt.Errorf("resolution of %g: give a part between 0 and 1", o.Resolution)
	case o.Votes < 1 || o.Votes%2 == 0:
		return fmt.Errorf("%d votes: give an odd number", o.Votes)
	}
	return nil
}

// Highest halves the interval between the highest rate that passed and the lowest that failed until
// it is narrow enough. The highest rate of all is tried first: a device that carries it needs
// no search. An error of a trial ends the search.
func Highest(o Options, try func(rate float64) (Trial, error)) (Found, error) {
	if err := o.check(); err != nil {
		return Found{}, err
	}
	var f Found
	passes := func(rate float64) (bool, error) { return f.vote(o, rate, try) }
	passed, err := passes(o.Most)
	if err != nil || passed {
		f.Ceiling = passed
		if passed {
			f.Rate = o.Most
		}
		return f, err
	}
	for failed := o.Most; failed-f.Rate > o.Resolution*o.Most; {
		middle := (f.Rate + failed) / 2
		switch passed, err := passes(middle); {
		case err != nil:
			return f, err
		case passed:
			f.Rate = middle
		default:
			failed = middle
		}
	}
	return f, nil
}

// vote tries a rate until more than half of all votes agree.
func (f *Found) vote(o Options, rate float64, try func(float64) (Trial, error)) (bool, error) {
	passed, failed := 0, 0
	for passed <= o.Votes/2 && failed <= o.Votes/2 {
		t, err := try(rate)
		if err != nil {
			return false, err
		}
		f.Trials = append(f.Trials, t)
		if t.Share() <= o.Allowed {
			passed++
		} else {
			failed++
		}
	}
	return passed > failed, nil
}
