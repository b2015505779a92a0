package gateway

import (
	"fmt"
	"io"
	"log/slog"
	"time"

	"mirrorgw/ctl/config"
)

// Options are the flags of the daemon.
type Options struct {
	Config      string        // gateway.toml
	Apply       string        // resources.toml, to which the resources are made equal; empty: they stay as they are
	UntilIdle   time.Duration // end once no frame arrives for so long; 0: never
	Report      string        // where the report goes at the end; empty: nowhere, "-": Out
	CheckConfig bool          // validate, print the plan, end
	Out         io.Writer     // for the plan
	Log         *slog.Logger
	Level       *slog.LevelVar // of Log; set once the configuration is read

	Format func(config.LogFormat) // changes how Log is written; nil: it stays as it is
}

// Check refuses options that contradict each other.
func (o *Options) Check() error {
	if o.Config == "" {
		return errNoConfig
	}
	if o.UntilIdle < 0 {
		return fmt.Errorf("--until-idle %v is negative: give a duration such as 500ms or 2s", o.UntilIdle)
	}
	return nil
}

var errNoConfig = fmt.Errorf("--config is missing: name the gateway configuration, as in --config /etc/mirrorgw/mirrorgw.toml")

// StateOptions are the arguments of "mirrorgw state".
type StateOptions struct {
	Action string    // check, export or compact
	Config string    // gateway.toml
	Path   string    // of the state file; empty: as the configuration says
	Out    io.Writer // for what was found
}

// Check refuses options that make no sense.
func (o *StateOptions) Check() error {
	switch o.Action {
	case "check", "export", "compact":
	case "":
		return fmt.Errorf("state needs an action: check, export or compact")
	default:
		return fmt.Errorf("state has no action %q: use check, export or compact", o.Action)
	}
	if o.Config == "" {
		return errNoConfig
	}
	return nil
}
