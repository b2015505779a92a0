package gateway

import (
	"fmt"
	"io"

	"mirrorgw/ctl"
	"mirrorgw/ctl/config"
	"mirrorgw/ctl/store"
	"mirrorgw/ctl/store/bolt"
	"mirrorgw/rules"
)

// State looks after the state file of a daemon that does not run. A file that a daemon has open is
// locked, and refused.
func State(o StateOptions) error {
	cfg, err := config.Load(o.Config)
	if err != nil {
		return err
	}
	if o.Path == "" {
		o.Path = cfg.State.Path
	}
	if o.Path == "" {
		return fmt.Errorf("%s: there is no [state] section, so there is no state file; add the section or name a file with --state", cfg.File)
	}
	switch o.Action {
	case "check":
		return checkState(cfg, o.Path, o.Out)
	case "export":
		return exportState(cfg, o.Path, o.Out)
	}
	return compactState(o.Path, o.Out)
}

// checkState judges the file, then what is in it: the whole of it is loaded, validated and
// compiled as a start of the daemon would do.
func checkState(cfg *config.Config, path string, out io.Writer) error {
	found, err := bolt.Check(path)
	if err != nil {
		return err
	}
	if err := printFound(out, found); err != nil {
		return err
	}
	if n := len(found.Problems); n > 0 {
		return fmt.Errorf("state file %s is not usable (problems: %d, listed above); restore a copy of it, or move it away and start with --apply", path, n)
	}
	return withState(cfg, path, func(s *store.Store) error {
		if err := s.Start(); err != nil {
			return fmt.Errorf("%s: the resources cannot be put in force: %w", path, err)
		}
		for _, w := range s.Warnings() {
			if _, err := fmt.Fprintf(out, "warning        %s\n", w); err != nil {
				return err
			}
		}
		_, err := fmt.Fprintln(out, "resources      valid")
		return err
	})
}

// printFound writes what is known of the file, in the manner of the plan.
func printFound(out io.Writer, found *bolt.Report) error {
	_, err := fmt.Fprintf(out, "state          %s\nschema         %d\nrevision       %d\nsize           %d bytes\nevents         %d\nclient tokens  %d\n",
		found.Path, found.Schema, found.Revision, found.Bytes, found.Events, found.Tokens)
	kinds := []store.Kind{store.KindInterface, store.KindTarget, store.KindFilter, store.KindRule, store.KindSession, store.KindLoadBalancer, store.KindShare}
	for _, kind := range kinds {
		if err == nil {
			_, err = fmt.Fprintf(out, "%-15s%d\n", string(kind)+"s", found.Records[kind])
		}
	}
	for _, text := range found.Problems {
		if err == nil {
			_, err = fmt.Fprintf(out, "problem        %s\n", text)
		}
	}
	return err
}

func exportState(cfg *config.Config, path string, out io.Writer) error {
	return withState(cfg, path, func(s *store.Store) error { return s.Export().Encode(out) })
}

// withState lends the state of a file, which is not changed.
func withState(cfg *config.Config, path string, use func(*store.Store) error) error {
	file, err := bolt.Open(path, bolt.Options{ReadOnly: true})
	if err != nil {
		return err
	}
	directory, err := loadDirectory(cfg)
	if err != nil {
		file.Close() // the first error says more
		return err
	}
	s, err := store.Open(store.Options{Config: cfg, Publisher: compiled{}, Persistence: file, SameOrganization: directory.SameOrganization})
	if err != nil {
		file.Close() // the first error says more
		return err
	}
	if err := use(s); err != nil {
		s.Close()
		return err
	}
	return s.Close()
}

// compiled is a publisher for which it is enough that there is something to publish.
type compiled struct{}

// Prepare implements ctl.Publisher.
func (compiled) Prepare(*rules.Snapshot) (ctl.Prepared, error) { return nothing{}, nil }

func compactState(path string, out io.Writer) error {
	before, after, err := bolt.Compact(path)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%s: %d bytes before, %d bytes now\n", path, before, after)
	return err
}
