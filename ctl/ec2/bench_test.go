package ec2

import (
	"fmt"
	"net/http"
	"net/url"
	"sync/atomic"
	"testing"

	"mirrorgw/ctl/aws"
	"mirrorgw/ctl/iam"
)

// BenchmarkCreateSession creates sessions from 8 clients, as many sources as sessions; the state is
// on disk, nothing is published.
func BenchmarkCreateSession(b *testing.B) {
	w := openWorld(b, b.TempDir(), nil, "sessions_per_account = 65536")
	made := w.build()
	n := min(b.N, 60000)
	w.manySources(n)
	b.ResetTimer()
	b.SetParallelism(8)
	var next atomic.Int64
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			i := next.Add(1) - 1
			form := url.Values{"NetworkInterfaceId": {fmt.Sprintf("src-%d", i%int64(n))}, "TrafficMirrorTargetId": {made.target},
				"TrafficMirrorFilterId": {made.filter}, "SessionNumber": {fmt.Sprint(1 + i/int64(n))}, "ClientToken": {fmt.Sprintf("token-%d", i)}}
			call := &aws.Call{RequestID: "r", Time: noon, Principal: iam.Principal{Account: alice}, Action: "CreateTrafficMirrorSession", Version: apiVersion, Params: form}
			if reply := w.service.Serve(call); reply.Status != http.StatusOK {
				b.Fatalf("%d %s", reply.Status, reply.Body)
			}
		}
	})
}

// BenchmarkDescribePage describes a page of 1,000 of 10,000 sessions.
func BenchmarkDescribePage(b *testing.B) {
	w := newWorld(b, "sessions_per_account = 20000")
	w.many(w.build(), 10000)
	for b.Loop() {
		call := &aws.Call{RequestID: "r", Time: noon, Principal: iam.Principal{Account: alice}, Action: "DescribeTrafficMirrorSessions", Version: apiVersion}
		if reply := w.service.Serve(call); reply.Status != http.StatusOK {
			b.Fatalf("%d %s", reply.Status, reply.Body)
		}
	}
}
