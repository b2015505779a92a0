package pipeline

// Add adds another lcore's counters of the same port.
func (c *PortCounters) Add(o PortCounters) {
	c.Rx.add(o.Rx)
	c.Forwarded.add(o.Forwarded)
	c.Copies.add(o.Copies)
	c.Consumed.add(o.Consumed)
	c.Originated.add(o.Originated)
	c.OriginateFailed += o.OriginateFailed
	c.Observed += o.Observed
	c.Dropped = addCounts(c.Dropped, o.Dropped)
	c.Ignored = addReasons(c.Ignored, o.Ignored)
	c.Unclassified = addReasons(c.Unclassified, o.Unclassified)
	c.Fragments = addReasons(c.Fragments, o.Fragments)
	c.PartialChecksums += o.PartialChecksums
	c.UnseenCongestion += o.UnseenCongestion
}

// Add adds another lcore's counters of the same source and direction.
func (c *SourceCounters) Add(o SourceCounters) {
	c.Seen += o.Seen
	c.Matched += o.Matched
	c.Missed += o.Missed
	c.Excluded = addReasons(c.Excluded, o.Excluded)
	c.UnmatchedCongestion += o.UnmatchedCongestion
}

// Add adds another lcore's counters of the same session and direction.
func (c *SessionCounters) Add(o SessionCounters) {
	c.Matched.add(o.Matched)
	c.Mirrored.add(o.Mirrored)
	c.Truncated += o.Truncated
	c.Skipped = addCounts(c.Skipped, o.Skipped)
}

func addReasons(to, from Reasons) Reasons {
	if to == nil {
		to = Reasons{}
	}
	for name, n := range from {
		to[name] += n
	}
	return to
}

func addCounts(to, from CountsByReason) CountsByReason {
	if to == nil {
		to = CountsByReason{}
	}
	for name, n := range from {
		sum := to[name]
		sum.add(n)
		to[name] = sum
	}
	return to
}

// Sum adds up a set of reasons.
func (r Reasons) Sum() (sum uint64) {
	for _, n := range r {
		sum += n
	}
	return sum
}

// Sum adds up a set of reasons.
func (r CountsByReason) Sum() (sum Count) {
	for _, n := range r {
		sum.add(n)
	}
	return sum
}
