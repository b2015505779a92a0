package gateway

import (
	"context"
	"fmt"
	"io"

	"mirrorgw/cmd/internal/bypass"
	"mirrorgw/ctl"
	"mirrorgw/ctl/config"
)

// driveBypass starts to drive what takes production past the gateway; nil without [bypass].
func (l *life) driveBypass() *bypass.Switch {
	b := &l.cfg.Bypass
	if !b.IsThere() {
		return nil
	}
	s := bypass.New(bypass.Options{Inline: b.OnInline, Bypass: b.OnBypass, Heartbeat: b.Heartbeat, TimeLimit: b.TimeLimit, Interval: b.HeartbeatPeriod, Log: l.o.Log})
	l.data.bypass.Store(s)
	return s
}

// bypassState is what the control plane tells of it; nil without [bypass].
func (d *dataPath) bypassState() *ctl.Bypass {
	s := d.bypass.Load()
	if s == nil {
		return nil
	}
	state := ctl.Bypass(s.State())
	return &state
}

// BypassOptions are the arguments of "mirrorgw bypass".
type BypassOptions struct {
	Config string // gateway.toml
	Event  string // bypass or inline
	Out    io.Writer
}

// Check refuses options that make no sense.
func (o *BypassOptions) Check() error {
	switch o.Event {
	case bypass.EventBypass, bypass.EventInline:
	case "":
		return fmt.Errorf("bypass needs an event: bypass or inline")
	default:
		return fmt.Errorf("bypass has no event %q: use bypass or inline", o.Event)
	}
	if o.Config == "" {
		return errNoConfig
	}
	return nil
}

// Bypass runs the program of one event, as the daemon would: by hand, and from the unit when the daemon has
// died. Without [bypass] there is nothing to do.
func Bypass(o BypassOptions) error {
	b, err := config.LoadBypass(o.Config)
	if err != nil {
		return err
	}
	argv := b.OnBypass
	if o.Event == bypass.EventInline {
		argv = b.OnInline
	}
	if argv == nil {
		fmt.Fprintf(o.Out, "%s: there is no [bypass] program for %s; nothing was done\n", o.Config, o.Event)
		return nil
	}
	if err := bypass.Run(context.Background(), argv, b.TimeLimit, o.Event, "command"); err != nil {
		return fmt.Errorf("the bypass program failed: %w", err)
	}
	fmt.Fprintf(o.Out, "production has been switched to %s\n", o.Event)
	return nil
}
