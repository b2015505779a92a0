package history

// rollupsOf are the keys that an instance is rolled up under: its group; of instances with detailed
// monitoring, whose step is a minute, its image and its type too.
func rollupsOf(k *Key) (keys []Key) {
	if k.Kind != Instance {
		return nil
	}
	put := func(dimension, value string) {
		if value != "" {
			keys = append(keys, Key{Kind: Rollup, Step: k.Step, Account: k.Account, Dimension: dimension, Name: value})
		}
	}
	put(ByGroup, k.Group)
	if k.Step == 1 {
		put(ByImage, k.Image)
		put(ByType, k.Type)
	}
	return keys
}

// member says whether an instance belongs to a rollup.
func (k *Key) member(instance *Key) bool {
	if instance.Kind != Instance || instance.Step != k.Step || instance.Account != k.Account {
		return false
	}
	switch k.Dimension {
	case ByGroup:
		return instance.Group == k.Name
	case ByImage:
		return instance.Step == 1 && instance.Image == k.Name
	case ByType:
		return instance.Step == 1 && instance.Type == k.Name
	}
	return false
}

// rollUp makes the slots of a rollup.
func rollUp(step int, members []*slots) *slots {
	total := &slots{columns: make([][]int64, len(columns[Rollup]))}
	for i := range total.columns {
		total.columns[i] = make([]int64, slotsOf(step))
	}
	for _, m := range members {
		for slot := range slotsOf(step) {
			if m.present>>slot&1 == 1 {
				total.take(slot, m)
			}
		}
	}
	return total
}

// take counts one instance in a slot.
func (s *slots) take(slot int, m *slots) {
	first := s.present>>slot&1 == 0
	s.present |= 1 << slot
	s.columns[Samples][slot]++
	for metric := range Metrics {
		v := m.at(metric, slot)
		sum, low, high := &s.columns[Sum(metric)][slot], &s.columns[Lowest(metric)][slot], &s.columns[Highest(metric)][slot]
		*sum = saturatedSum(*sum, v)
		if first || v < *low {
			*low = v
		}
		*high = max(*high, v)
	}
}
