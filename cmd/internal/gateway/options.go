package gateway

import (
	"fmt"
	"io"
	"log/slog"
	"time"
)

// Options are the flags of the daemon.
type Options struct {
	Config      string        // gateway.toml
	Apply       string        // resources.toml; empty: nothing is mirrored
	UntilIdle   time.Duration // end once no frame arrived for so long; 0: never
	Report      string        // where the report goes at the end; empty: nowhere, "-": Out
	CheckConfig bool          // validate, print the plan, end
	Out         io.Writer     // for the plan
	Log         *slog.Logger
	Level       *slog.LevelVar // of Log; set once the configuration is read
}

// Check refuses options that contradict each other.
func (o *Options) Check() error {
	if o.Config == "" {
		return fmt.Errorf("--config is missing: name the gateway configuration, as in --config /etc/mirrorgw/mirrorgw.toml")
	}
	if o.UntilIdle < 0 {
		return fmt.Errorf("--until-idle %v is negative: give a duration such as 500ms or 2s", o.UntilIdle)
	}
	return nil
}
