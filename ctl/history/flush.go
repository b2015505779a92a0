package history

import (
	"slices"
)

// partHours is how many hours a part spans before another one is begun.
const partHours = 24

// flush makes a block of the head, and puts another in its place at the same moment: readers see one
// of the two. After an error the head is as it was. Only the writer calls it: nobody else changes the
// head, so that its rows need no lock. A log is taken in once only, as its block has its identity.
func (s *Store) flush(next *head) error {
	h := s.head
	if h.sampled == 0 {
		s.setHead(next)
		return nil
	}
	into, err := s.openPart(h.hour)
	if err != nil {
		return err
	}
	builder, placed, omitted := s.build(into, h)
	data, made := builder.frames(h.cover, h.id, into.size)
	s.makeRoom(into, int64(len(data)))
	if err := s.append(into, data, made, placed, next); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counts.OmittedChunks += int64(omitted)
	s.hours = [2]int64{s.hours[1], h.hour}
	s.expire()
	return nil
}

// append writes a block, makes it known and goes on with the next head.
func (s *Store) append(into *part, data []byte, made *block, placed []placing, next *head) error {
	if err := into.write(data); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	into.size += int64(len(data))
	into.note(made)
	s.head = next
	into.names = max(into.names, made.entries)
	for _, p := range placed {
		if p.fresh {
			p.series.places = append(p.series.places, place{into, p.id})
		}
		p.series.last = max(p.series.last, min(s.until, (made.hour+1)*hourMinutes))
	}
	return nil
}

// placing is a series of a block that is being made; fresh: its file had not numbered it.
type placing struct {
	series *series
	id     uint32
	fresh  bool
}

// build encodes everything of a head that there is space for, what matters most first.
func (s *Store) build(into *part, h *head) (*blockBuilder, []placing, int) {
	builder := &blockBuilder{budget: int(s.options.MaxBytes/8) - blockHeader - 2*headerBytes}
	next, omitted := into.names, 0
	var placed []placing
	for _, job := range s.jobs(h) {
		p := placing{series: job.series, id: next, fresh: true}
		if n := len(job.series.places); n > 0 && job.series.places[n-1].part == into {
			p.id, p.fresh = job.series.places[n-1].id, false
		}
		var name []byte
		if p.fresh {
			name = appendName(nil, p.id, &job.series.key)
		}
		chunk := h.rows[job.series]
		if chunk == nil {
			chunk = rollUp(job.series.key.Step, job.members)
		}
		if !builder.put(p.id, name, appendChunk(nil, chunk)) {
			omitted++
			continue
		}
		if p.fresh {
			next++
		}
		placed = append(placed, p)
	}
	return builder, placed, omitted
}

// job is one chunk to make: of a series of the head, or of members of it.
type job struct {
	series  *series
	members []*slots
}

// jobs are those of a head in the order of importance.
func (s *Store) jobs(h *head) []job {
	members := map[Key][]*slots{}
	all := make([]job, 0, len(h.rows))
	for found, rows := range h.rows {
		all = append(all, job{series: found})
		for _, k := range rollupsOf(&found.key) {
			members[k] = append(members[k], rows)
		}
	}
	s.mu.Lock()
	for k, list := range members {
		if found := s.find(k); found != nil {
			found.last = max(found.last, s.until)
			all = append(all, job{found, list})
		} else {
			s.counts.OmittedSeries++
		}
	}
	s.mu.Unlock()
	slices.SortFunc(all, func(a, b job) int { return compareKeys(a.series.key, b.series.key) })
	return all
}

// openPart returns the part that the next block goes to.
func (s *Store) openPart(hour int64) (*part, error) {
	if n := len(s.parts); n > 0 {
		last := s.parts[n-1]
		full := last.size >= s.options.MaxBytes/16 || last.names >= maxIDs/2
		if last.begun < 0 || !full && hour >= last.begun && hour < last.begun+partHours {
			return last, nil
		}
	}
	p, err := makePart(s.options.Dir, hour, s.serial)
	if err != nil {
		return nil, err
	}
	s.serial++
	s.mu.Lock()
	s.parts = append(s.parts, p)
	s.mu.Unlock()
	return p, nil
}

// makeRoom deletes parts, the oldest first, until so many bytes more are within the limit, of which
// a quarter is kept for the log.
func (s *Store) makeRoom(keep *part, need int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.parts) > 0 && s.parts[0] != keep {
		total := s.aside + need
		for _, p := range s.parts {
			total += p.size
		}
		if total <= s.options.MaxBytes-s.options.MaxBytes/4 {
			return
		}
		s.counts.DroppedForSpace++
		s.log.Warn("the history has no space left: its oldest hours are deleted before their time; raise [history] max_mb to keep them longer",
			"file", s.parts[0].path)
		s.drop(s.parts[0])
	}
}

// expire deletes parts that are too old. Two hours must agree on what time it is: a clock that is
// wrong for a while deletes nothing. The lock is held.
func (s *Store) expire() {
	now := min(s.hours[0], s.hours[1])
	for _, p := range slices.Clone(s.parts) {
		if len(p.blocks) > 0 && p.last < now-int64(s.options.Days)*24 && p != s.parts[len(s.parts)-1] {
			s.drop(p)
		}
	}
}

// drop deletes a part, and the series that were only there. The lock is held.
func (s *Store) drop(p *part) {
	p.remove()
	s.parts = slices.DeleteFunc(s.parts, func(other *part) bool { return other == p })
	for _, found := range s.series {
		found.places = slices.DeleteFunc(found.places, func(at place) bool { return at.part == p })
		if len(found.places) == 0 && (s.head == nil || s.head.rows[found] == nil) && found.last <= s.headBegin() {
			s.forget(found)
		}
	}
}

// forget removes a series. The lock is held.
func (s *Store) forget(gone *series) {
	name := gone.key.nameKey()
	delete(s.series, gone.key)
	if s.names[name] = slices.DeleteFunc(s.names[name], func(other *series) bool { return other == gone }); len(s.names[name]) == 0 {
		delete(s.names, name)
	}
}

// headBegin is when the head's hour began, minutes since 1970.
func (s *Store) headBegin() int64 {
	if s.head == nil {
		return 0
	}
	return s.head.hour * hourMinutes
}
