package dpdk_test

import (
	"errors"
	"strings"
	"syscall"
	"testing"

	"mirrorgw/dpdk"
	"mirrorgw/dpdk/dpdktest"
)

func TestMempoolCounts(t *testing.T) {
	pool := dpdktest.Pool(t, 63, dpdk.DataRoom)
	if pool.Size() != 63 || pool.Avail() != 63 || pool.InUse() != 0 || pool.Pointer() == nil {
		t.Fatalf("size %d, free %d, in use %d", pool.Size(), pool.Avail(), pool.InUse())
	}
	port := dpdktest.Device(t, "net_ring", "")
	dpdktest.Started(t, port, dpdk.PortConfig{RxQueues: 1, TxQueues: 1, RxPools: []*dpdk.Mempool{pool}})
	if n := dpdktest.Send(t, port, 0, pool, make([]byte, 60), make([]byte, 60)); n != 2 {
		t.Fatalf("%d frames sent, want 2", n)
	}
	if pool.InUse() != 2 || pool.Avail() != 61 {
		t.Errorf("two frames on their way: in use %d, free %d", pool.InUse(), pool.Avail())
	}
	dpdktest.Receive(t, port, 0, 10)
	if pool.InUse() != 0 {
		t.Errorf("in use %d after the frames were freed", pool.InUse())
	}
}

func TestMempoolErrors(t *testing.T) {
	for _, c := range []struct {
		name                       string
		pool                       string
		n, cache, priv, room, node int
		want                       string
	}{
		{"none", "a", 0, 0, 0, dpdk.DataRoom, dpdk.AnyNode, "at least 1"},
		{"cache over limit", "a", 4095, 513, 0, dpdk.DataRoom, dpdk.AnyNode, "0-512"},
		{"cache over pool", "a", 63, 60, 0, dpdk.DataRoom, dpdk.AnyNode, "two thirds"},
		{"private area", "a", 63, 0, 3, dpdk.DataRoom, dpdk.AnyNode, "multiple of 8"},
		{"data room", "a", 63, 0, 0, 65536, dpdk.AnyNode, "0-65535"},
		{"long name", strings.Repeat("n", 40), 63, 0, 0, dpdk.DataRoom, dpdk.AnyNode, "File name too long"},
		{"too much", "a", 1 << 20, 0, 0, dpdk.DataRoom, dpdk.AnyNode, "mempool a: rte_pktmbuf_pool_create: "},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := dpdk.NewPktmbufPool(c.pool, c.n, c.cache, c.priv, c.room, c.node)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}

func TestMempoolNameTwice(t *testing.T) {
	first := dpdktest.Pool(t, 63, dpdk.DataRoom)
	_, err := dpdk.NewPktmbufPool(first.Name(), 63, 0, 0, dpdk.DataRoom, dpdk.AnyNode)
	if !errors.Is(err, syscall.EEXIST) {
		t.Errorf("%v, want EEXIST", err)
	}
}

func TestQSBR(t *testing.T) {
	if _, err := dpdk.NewQSBR(0); err == nil {
		t.Error("0 readers were accepted")
	}
	q, err := dpdk.NewQSBR(2)
	if err != nil {
		t.Fatal(err)
	}
	defer q.Free()
	if !q.Check(q.Start(), true) {
		t.Error("without readers a grace period must end at once")
	}
	dpdktest.ReaderOnline(t, q.Pointer(), 0)
	dpdktest.ReaderOnline(t, q.Pointer(), 1)
	token := q.Start()
	dpdktest.ReaderQuiescent(q.Pointer(), 0)
	if q.Check(token, false) {
		t.Error("the grace period ended before reader 1 was quiescent")
	}
	dpdktest.ReaderQuiescent(q.Pointer(), 1)
	if !q.Check(token, false) {
		t.Error("all readers were quiescent, the grace period must have ended")
	}
	token = q.Start()
	dpdktest.ReaderOffline(q.Pointer(), 0)
	dpdktest.ReaderOffline(q.Pointer(), 1)
	if !q.Check(token, false) {
		t.Error("readers that are offline must not be waited for")
	}
}
