package search

import (
	"errors"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// device carries so much and loses the rest.
func device(capacity float64) func(float64) (Trial, error) {
	return func(rate float64) (Trial, error) {
		t := Trial{Rate: rate, Offered: uint64(rate)}
		if rate > capacity {
			t.Lost = uint64(math.Ceil(rate - capacity))
		}
		return t, nil
	}
}

func TestHighestFindsTheCapacity(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		capacity := rapid.Float64Range(1e4, 2e7).Draw(t, "capacity")
		allowed := rapid.SampledFrom([]float64{0, 0.005, 0.1}).Draw(t, "allowed")
		o := Options{Most: 1e7, Allowed: allowed, Resolution: 0.01, Votes: 1}
		f, err := Highest(o, device(capacity))
		if err != nil {
			t.Fatal(err)
		}
		want := capacity / (1 - allowed) // loses exactly what is allowed
		if f.Ceiling {
			if f.Rate != o.Most || want < o.Most-2 {
				t.Fatalf("the highest rate passed, %+v", f)
			}
			return
		}
		if f.Rate > want+2 || f.Rate < want-o.Resolution*o.Most-2 {
			t.Fatalf("found %g of %g", f.Rate, want)
		}
		if n := len(f.Trials); n > 8 { // log2(100), and the highest
			t.Fatalf("%d trials", n)
		}
	})
}

// TestOneBadTrialOfThreeDecidesNothing: every third trial loses a frame whatever the rate.
func TestOneBadTrialOfThreeDecidesNothing(t *testing.T) {
	n := 0
	noisy := func(rate float64) (Trial, error) {
		trial, err := device(4e6)(rate)
		if n++; n%3 == 0 {
			trial.Lost++
		}
		return trial, err
	}
	f, err := Highest(Options{Most: 1e7, Resolution: 0.01, Votes: 3}, noisy)
	if err != nil {
		t.Fatal(err)
	}
	if f.Rate < 3.9e6 || f.Rate > 4e6 {
		t.Errorf("found %g, want 4e6", f.Rate)
	}
}

func TestHighestOfADeviceThatCarriesNothing(t *testing.T) {
	f, err := Highest(Options{Most: 1000, Resolution: 0.1, Votes: 1}, device(0))
	if err != nil || f.Rate != 0 || f.Ceiling {
		t.Errorf("found %+v, %v; want nothing", f, err)
	}
}

func TestAnErrorEndsTheSearch(t *testing.T) {
	broken, n := errors.New("the cable is out"), 0
	_, err := Highest(Options{Most: 1000, Resolution: 0.1, Votes: 3}, func(rate float64) (Trial, error) {
		if n++; n == 4 {
			return Trial{}, broken
		}
		return device(300)(rate)
	})
	if !errors.Is(err, broken) || n != 4 {
		t.Errorf("%v after %d trials", err, n)
	}
}

func TestOptionsAreChecked(t *testing.T) {
	good := Options{Most: 1, Resolution: 0.01, Votes: 1}
	for _, c := range []struct {
		spoil func(*Options)
		word  string
	}{
		{func(o *Options) { o.Most = 0 }, "above 0"},
		{func(o *Options) { o.Allowed = 1 }, "share"},
		{func(o *Options) { o.Resolution = 0 }, "part"},
		{func(o *Options) { o.Votes = 2 }, "odd"},
	} {
		o := good
		c.spoil(&o)
		if _, err := Highest(o, device(1)); err == nil || !strings.Contains(err.Error(), c.word) {
			t.Errorf("%+v: %v, want a word about %q", o, err, c.word)
		}
	}
}

func TestShare(t *testing.T) {
	for _, c := range []struct {
		t    Trial
		want float64
	}{{Trial{}, 1}, {Trial{Offered: 200, Lost: 1}, 0.005}, {Trial{Offered: 5}, 0}} {
		if got := c.t.Share(); got != c.want {
			t.Errorf("%+v: %g, want %g", c.t, got, c.want)
		}
	}
}
