package metrics

import (
	"cmp"
	"regexp"
	"slices"
)

// Xstat is one of a driver's own counters (rte_eth_xstats).
type Xstat struct {
	Name  string // the driver's
	Value uint64
}

// maxXstats is how many of a driver's counters one port shows. Some drivers have several hundred.
const maxXstats = 64

// Of queues there may be many, and which of them counts is not what anybody is told by. Names of
// loss are those of rte_ethdev and of Debian's drivers.
var (
	ofOneQueue = regexp.MustCompile(`^[rt]x_q\d`)
	ofLoss     = regexp.MustCompile(`error|drop|miss|discard|mbuf|alloc|no_?buf|crc|fail|overflow|exceed|timeout|jabber|fragment|undersize|oversize`)
)

// chooseXstats orders the counters of a port by what they are worth, and cuts the rest off.
func chooseXstats(all []Xstat) []Xstat {
	chosen := make([]Xstat, 0, len(all))
	for _, x := range all {
		if !ofOneQueue.MatchString(x.Name) {
			chosen = append(chosen, x)
		}
	}
	slices.SortStableFunc(chosen, func(a, b Xstat) int {
		return cmp.Or(cmp.Compare(rank(a.Name), rank(b.Name)), cmp.Compare(a.Name, b.Name))
	})
	chosen = slices.CompactFunc(chosen, func(a, b Xstat) bool { return a.Name == b.Name })
	return chosen[:min(len(chosen), maxXstats)]
}

func rank(name string) int {
	if ofLoss.MatchString(name) {
		return 0
	}
	return 1
}

// askDrivers reads the drivers' counters and the mempools.
func (s *scene) askDrivers() {
	if s.Mempools != nil {
		s.mempools = s.Options.Mempools()
	}
	s.xstats = map[string][]Xstat{}
	if s.Xstats == nil || s.Config == nil {
		return
	}
	for _, name := range s.ports {
		if i := s.Config.PortIndex(name); i >= 0 {
			s.xstats[name] = chooseXstats(s.Xstats(i))
		}
	}
}

func portXstats(s *scene, o *out) {
	for _, port := range s.ports {
		for _, x := range s.xstats[port] {
			o.count(int64(x.Value), port, x.Name)
		}
	}
}

// Mempool is how full a mempool is, in mbufs.
type Mempool struct {
	Name        string
	Size, InUse int
}

var mempoolFamilies = []family{
	mempool("mbufs", "Mbufs of a mempool, free or not", func(m *Mempool) int { return m.Size }),
	mempool("in_use_mbufs", "Mbufs of a mempool that are not free: in rings of ports, held for copies, and what the workers keep at hand", func(m *Mempool) int { return m.InUse }),
	mempool("available_mbufs", "Free mbufs of a mempool; none in mgw_rx_0: production is lost, none in another: copies are skipped", func(m *Mempool) int { return max(0, m.Size-m.InUse) }),
}

func mempool(name, help string, of func(*Mempool) int) family {
	return family{"mirrorgw_mempool_" + name, gauge, []string{"pool"}, help, func(s *scene, o *out) {
		for i := range s.mempools {
			o.gauge(float64(of(&s.mempools[i])), s.mempools[i].Name)
		}
	}}
}
