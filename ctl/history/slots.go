package history

// slots are the values of a series in one hour. Slot i begins i steps after the hour. A column is nil
// while all of it is 0; values of slots that are not present are 0.
type slots struct {
	present uint64 // a bit for each slot
	columns [][]int64
}

const hourMinutes = 60

// slotsOf is how many slots an hour has.
func slotsOf(step int) int { return hourMinutes / step }

// add puts what was counted in a minute of the hour into its slot.
func (s *slots) add(k *Key, minute int, values []int64) {
	if s.columns == nil {
		s.columns = make([][]int64, len(columns[k.Kind]))
	}
	slot := minute / k.Step
	s.present |= 1 << slot
	for i, v := range values[:min(len(values), len(s.columns))] {
		if v == 0 {
			continue
		}
		if s.columns[i] == nil {
			s.columns[i] = make([]int64, slotsOf(k.Step))
		}
		s.columns[i][slot] = saturatedSum(s.columns[i][slot], v)
	}
}

// merge adds another part of the same hour of the same series.
func (s *slots) merge(k *Key, o *slots) {
	if s.columns == nil {
		s.columns = make([][]int64, len(columns[k.Kind]))
	}
	for i, c := range columns[k.Kind] {
		mine, other := s.column(i, k.Step), o.column(i, k.Step)
		for slot := range mine {
			mine[slot] = c.merge.of(s.present>>slot&1 == 1, o.present>>slot&1 == 1, mine[slot], other[slot])
		}
		s.columns[i] = mine
	}
	s.present |= o.present
}

func (m merge) of(hasA, hasB bool, a, b int64) int64 {
	switch {
	case !hasB:
		return a
	case !hasA:
		return b
	case m == lowest:
		return min(a, b)
	case m == highest:
		return max(a, b)
	}
	return saturatedSum(a, b)
}

// column is a copy of a column.
func (s *slots) column(i, step int) []int64 {
	values := make([]int64, slotsOf(step))
	if i < len(s.columns) {
		copy(values, s.columns[i])
	}
	return values
}

// at is the value of a column in a slot.
func (s *slots) at(column, slot int) int64 {
	if column >= len(s.columns) || s.columns[column] == nil {
		return 0
	}
	return s.columns[column][slot]
}

// saturatedSum adds numbers that are not negative.
func saturatedSum(a, b int64) int64 {
	if sum := a + b; sum >= a {
		return sum
	}
	return 1<<63 - 1
}
