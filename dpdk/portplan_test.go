package dpdk

import (
	"strings"
	"testing"
)

// nic is a driver that announces everything.
var nic = PortInfo{
	Driver: "net_x", MaxRxQueues: 8, MaxTxQueues: 8, MinMTU: 68, MaxMTU: 9600, MTU: 1500, RSS: RSSIPv4 | RSSTCP,
	HashKeySize: 40, RxScatter: true, TxIPv4Cksum: true, TxUDPCksum: true, TxMultiSeg: true, TxFastFree: true,
}

func wishes(room int) PortConfig {
	return PortConfig{
		RxQueues: 2, TxQueues: 2, RxPools: []*Mempool{{dataRoom: room}}, MTU: 1500,
		RSSSymmetric: true, TxIPv4Cksum: true, TxUDPCksum: true, TxMultiSeg: true,
	}
}

func TestPlanGrantsWhatIsAnnounced(t *testing.T) {
	got, err := plan(nic, DriverOf(nic.Driver), wishes(DataRoom))
	if err != nil || len(got.Refused) != 0 {
		t.Fatalf("%+v, %v", got, err)
	}
	if !got.RSS || !got.RSSSymmetric || !got.TxIPv4Cksum || !got.TxUDPCksum || !got.TxMultiSeg || got.RxScatter {
		t.Errorf("%+v", got)
	}
}

func TestPlanSaysWhatIsRefused(t *testing.T) {
	bare := PortInfo{Driver: "net_x", MaxRxQueues: 8, MaxTxQueues: 8}
	got, err := plan(bare, DriverOf(bare.Driver), wishes(DataRoom))
	if err != nil {
		t.Fatal(err)
	}
	all := strings.Join(got.Refused, "\n")
	for _, want := range []string{"RSS:", "IPv4 checksum", "UDP checksum", "several mbufs"} {
		if !strings.Contains(all, want) {
			t.Errorf("%q is missing in %q", want, all)
		}
	}
	noKey := nic
	noKey.HashKeySize = 0
	got, err = plan(noKey, DriverOf(noKey.Driver), wishes(DataRoom))
	if err != nil || !got.RSS || got.RSSSymmetric || len(got.Refused) != 1 {
		t.Errorf("without a hash key: %+v, %v", got, err)
	}
}

func TestPlanScatter(t *testing.T) {
	noScatter := nic
	noScatter.RxScatter = false
	// 1500 + 26 + 128 bytes is the least data room for one mbuf.
	for _, c := range []struct {
		name    string
		info    PortInfo
		driver  string
		room    int
		scatter bool
		err     string
	}{
		{"fits", noScatter, "net_x", 1654, false, ""},
		{"one byte short", noScatter, "net_x", 1653, false, "at least 1654 bytes and is 1653"},
		{"scatter announced", nic, "net_x", 1653, true, ""},
		{"splits unannounced", noScatter, "net_pcap", 1653, true, ""},
		{"any size", noScatter, "net_ring", 256, false, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := plan(c.info, DriverOf(c.driver), wishes(c.room))
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Errorf("%v, want %q", err, c.err)
				}
				return
			}
			if err != nil || got.RxScatter != c.scatter {
				t.Errorf("scatter %v, %v; want %v", got.RxScatter, err, c.scatter)
			}
		})
	}
}

func TestPlanErrors(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*PortConfig)
		want   string
	}{
		{"rx queues", func(c *PortConfig) { c.RxQueues = 9 }, "9 rx queues: the driver net_x has at most 8"},
		{"tx queues", func(c *PortConfig) { c.TxQueues = -1 }, "-1 tx queues"},
		{"no queue", func(c *PortConfig) { c.RxQueues, c.TxQueues = 0, 0 }, "without any queue"},
		{"pools", func(c *PortConfig) { c.RxPools = nil }, "0 mempools for 2 rx queues"},
		{"descriptors", func(c *PortConfig) { c.RxDesc = 1 << 16 }, "descriptors"},
		{"MTU of the driver", func(c *PortConfig) { c.MTU = 9601 }, "takes 68-9600"},
		{"tiny MTU", func(c *PortConfig) { c.MTU = 67 }, "68-65535"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := wishes(DataRoom)
			c.change(&cfg)
			if _, err := plan(nic, DriverOf(nic.Driver), cfg); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}
