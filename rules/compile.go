package rules

import (
	"net/netip"
	"slices"
)

// Compile checks r and compiles it: CompileFilter for each filter, then Assemble. It never
// modifies r, and the Snapshot shares no memory with it that anybody could change. The error is
// one sentence that names the resource by Name (else by ID) and says what would be right; it
// describes the first fault found.
func Compile(r *Resources) (*Snapshot, error) {
	filters := make([]*CompiledFilter, len(r.Filters))
	for i := range r.Filters {
		f, err := compileFilter(&r.Filters[i], i)
		if err != nil {
			return nil, err
		}
		filters[i] = f
	}
	return Assemble(&Parts{
		Ports:      slices.Clone(r.Ports),
		Exclude:    r.Exclude,
		Resolvers:  slices.Clone(r.Resolvers),
		Interfaces: r.Interfaces, // copied into the sources
		Targets:    slices.Clone(r.Targets),
		Filters:    filters,
		Sessions:   slices.Clone(r.Sessions),
	})
}

// Parts is what a Snapshot is assembled from: Resources whose filters are compiled already.
type Parts struct {
	Ports      []Port
	Exclude    Exclude
	Resolvers  []netip.Addr
	Interfaces []Interface
	Targets    []Target
	Filters    []*CompiledFilter
	Sessions   []Session // in any order; costs least when grouped by source, ascending number
}

// Assemble checks the parts and puts them together. It is the last line before the data path:
// what it lets through, C may index without looking. It takes the slices over (the caller must
// not change them any more, not even after an error) and shares the filters. Errors are those of
// Compile. The time grows with interfaces, targets, filters and sessions, never with rules.
func Assemble(p *Parts) (*Snapshot, error) {
	if err := check(p); err != nil {
		return nil, err
	}
	s := &Snapshot{
		Ports:     p.Ports,
		Exclude:   p.Exclude,
		Resolvers: p.Resolvers,
		Targets:   p.Targets,
		Filters:   p.Filters,
	}
	s.laySources(p)
	if err := s.checkNumbers(); err != nil {
		return nil, err
	}
	return s, nil
}
