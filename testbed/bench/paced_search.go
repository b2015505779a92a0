package main

import (
	"context"
	"fmt"
)

// searchName is what --only calls the searches.
const searchName = "search"

// mirrorings are the two states of a rig: production alone, and all of it mirrored.
var mirrorings = []bool{false, true}

// partial is the loss of the second search, a share.
const partial = 0.005

// measureSearches finds for every load the rates without loss and with 0.5 % loss, without sessions
// and with all frames mirrored.
func (b *bench) measureSearches(ctx context.Context) (rows []row, err error) {
	for _, w := range b.chosenLoads() {
		noDrop := row{Name: "no-drop-" + w.name, Unit: "Mpps", paced: true, Peer: "no-session"}
		some := row{Name: "drop-0.5%-" + w.name, Unit: "Mpps", paced: true, Peer: "no-session"}
		err := b.withRig(ctx, w, taker, func(r *pacedRig) error {
			for range b.searches {
				if err := b.searchBoth(ctx, r, &noDrop, &some); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return rows, err
		}
		noDrop.summarize()
		some.summarize()
		rows = append(rows, noDrop, some)
	}
	return rows, nil
}

// searchBoth makes the four searches of a load once.
func (b *bench) searchBoth(ctx context.Context, r *pacedRig, noDrop, some *row) error {
	for _, on := range mirrorings {
		if err := r.mirror(ctx, on); err != nil {
			return err
		}
		capacity, err := r.capacity(ctx, b.trial, 3)
		if err != nil {
			return err
		}
		for _, target := range []struct {
			row     *row
			allowed float64
		}{{noDrop, 0}, {some, partial}} {
			f, err := b.highest(ctx, r, capacity, target.allowed)
			if err != nil {
				return err
			}
			target.row.add(on, f.Rate/1e6)
			if f.limited {
				target.row.Note = "the generator's own limit was met: the gateway may do more"
			}
			fmt.Printf("%-20s %-10s %6.3f Mpps after %d trials; takes %.3f at most\n",
				target.row.Name, mirroring(on), f.Rate/1e6, len(f.Trials), capacity/1e6)
		}
	}
	return nil
}

// add notes a figure with mirroring, or of the peer, which is the gateway without sessions.
func (r *row) add(mirrored bool, figure float64) {
	if mirrored {
		r.Values = append(r.Values, figure)
	} else {
		r.PeerValues = append(r.PeerValues, figure)
	}
}

func mirroring(on bool) string {
	if on {
		return "mirrored"
	}
	return "no session"
}
