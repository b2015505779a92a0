package main

import (
	"context"
	"fmt"
)

func (b *bench) measurePaced(ctx context.Context) (_ []row, err error) {
	for _, w := range workloads() {
		if w.name != "mirror-1500" && w.name != "rules-10000" && w.name != "mirror-64" {
			continue
		}
		r, err := b.openRig(ctx, w, false)
		if err != nil {
			return nil, err
		}
		for _, on := range []bool{false, true} {
			if err := r.mirror(ctx, on); err != nil {
				return nil, err
			}
			for _, rate := range []float64{0, 1e6, 2e6, 3e6, 4e6, 6e6, 8e6} {
				p, err := r.run(ctx, rate, 0.5)
				if err != nil {
					return nil, err
				}
				fmt.Printf("%s %v %.1f: offered %.3f received %.3f Mpps loss %.5f late %d gaps %d still %.4f longest %.6f blind %d cmp %d copies %d skip %d missed %d p50 %v p99 %v p999 %v judge %v\n",
					w.name, on, rate/1e6, p.OfferedRate()/1e6, p.ReceivedRate()/1e6, p.LossShare(), p.Late, p.Gaps, p.Still, p.LongestGap, p.Blind, p.Compared, p.copies, p.skipped, p.missed,
					p.Latency.Percentile(50), p.Latency.Percentile(99), p.Latency.Percentile(99.9), p.judge())
			}
		}
		if err := r.close(); err != nil {
			return nil, err
		}
	}
	return nil, nil
}
