package dpdktest_test

import (
	"bytes"
	"path/filepath"
	"testing"

	"mirrorgw/dpdk"
	"mirrorgw/dpdk/dpdktest"
)

func TestMain(m *testing.M) { dpdktest.Main(m) }

func TestPcapRoundTrip(t *testing.T) {
	frames := [][]byte{bytes.Repeat([]byte{1}, 60), bytes.Repeat([]byte{2}, 1514)}
	out := filepath.Join(t.TempDir(), "out.pcap")
	pool := dpdktest.Pool(t, 63, dpdk.DataRoom)
	t.Run("port", func(t *testing.T) {
		port := dpdktest.Device(t, "net_pcap", "rx_pcap="+dpdktest.WritePcap(t, frames...)+",tx_pcap="+out)
		dpdktest.Started(t, port, dpdk.PortConfig{RxQueues: 1, TxQueues: 1, RxPools: []*dpdk.Mempool{pool}})
		for i, r := range dpdktest.Receive(t, port, 0, 10) {
			if !bytes.Equal(r.Frame, frames[i]) {
				t.Errorf("frame %d: received %x", i, r.Frame)
			}
			if dpdktest.Send(t, port, 0, pool, r.Frame) != 1 {
				t.Errorf("frame %d: not sent", i)
			}
		}
	})
	written := dpdktest.ReadPcap(t, out) // whole once the port is closed
	if len(written) != len(frames) {
		t.Fatalf("%d frames written, want %d", len(written), len(frames))
	}
	for i := range frames {
		if !bytes.Equal(written[i], frames[i]) {
			t.Errorf("frame %d: written %x", i, written[i])
		}
	}
}
