package plot

import (
	"math"
	"time"
)

// tick is a line across the frame and what it says.
type tick struct {
	At    float64 `json:"at"` // in the frame's coordinates
	Label string  `json:"label"`
}

// maxSteps is how many steps a scale has at most.
const maxSteps = 5

// scale chooses where the scale ends, for values up to top, and the step of its lines: 1, 2 or 5 times a
// power of ten.
func scale(top float64) (end, step float64) {
	if top <= 0 {
		return 1, 1
	}
	exponent := math.Floor(math.Log10(top)) - 1
	for {
		for _, factor := range []float64{1, 2, 5} {
			step = power(factor, exponent)
			if steps := math.Ceil(top/step - 1e-9); steps <= maxSteps {
				return steps * step, step
			}
		}
		exponent++
	}
}

// power is factor times ten to an exponent, as exact as can be: 2e-1 is 0.2.
func power(factor, exponent float64) float64 {
	if exponent < 0 {
		return factor / math.Pow(10, -exponent)
	}
	return factor * math.Pow(10, exponent)
}

// valueTicks are the lines of a scale, from 0 up.
func valueTicks(u Unit, end, step float64) (ticks []tick) {
	n := int(math.Round(end / step))
	for i := 0; i <= n; i++ {
		ticks = append(ticks, tick{height(float64(i)*step, end), u.label(float64(i) * step)})
	}
	return ticks
}

// height is how far down the frame a value is.
func height(v, end float64) float64 { return round(frameHeight * (1 - v/end)) }

// round leaves one digit after the point.
func round(v float64) float64 { return math.Floor(v*10+0.5) / 10 }

// timeSteps are the distances that lines of time may have.
var timeSteps = []time.Duration{
	time.Second, 5 * time.Second, 15 * time.Second, 30 * time.Second,
	time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 30 * time.Minute,
	time.Hour, 2 * time.Hour, 4 * time.Hour, 6 * time.Hour, 12 * time.Hour,
	day, 2 * day, 7 * day, 14 * day, 28 * day, 91 * day, 364 * day,
}

const (
	day          = 24 * time.Hour
	maxTimeTicks = 7
)

// timeTicks are lines at whole multiples of a step since 1970, in UTC.
func timeTicks(from, to time.Time) (ticks []tick) {
	span := to.Sub(from)
	if span <= 0 {
		return nil
	}
	step := timeSteps[len(timeSteps)-1]
	for _, s := range timeSteps {
		if span <= maxTimeTicks*s {
			step = s
			break
		}
	}
	milli, first := step.Milliseconds(), from.UnixMilli()
	for t := (first + milli - 1) / milli * milli; t < to.UnixMilli() && len(ticks) < 2*maxTimeTicks; t += milli {
		at := time.UnixMilli(t).UTC()
		ticks = append(ticks, tick{across(at, from, to), timeLabel(at, step)})
	}
	return ticks
}

// across is how far right in the frame a moment is, which lies between its ends.
func across(t, from, to time.Time) float64 {
	return round(frameWidth * float64(t.UnixMilli()-from.UnixMilli()) / float64(to.UnixMilli()-from.UnixMilli()))
}

func timeLabel(t time.Time, step time.Duration) string {
	midnight := t.Hour() == 0 && t.Minute() == 0 && t.Second() == 0
	switch {
	case step >= day || midnight && step >= time.Hour:
		return t.Format("Jan 2")
	case step < time.Minute:
		return t.Format("15:04:05")
	}
	return t.Format("15:04")
}
