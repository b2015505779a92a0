package store

import (
	"fmt"
	"io"
	"slices"
	"time"

	"mirrorgw/ctl"
)

// SharesInUse makes the shares that sessions need to keep targets of other accounts: one for each
// such target, accepted by the accounts of its sessions. It is for states that were saved before
// there were shares; only their targets and sessions are looked at.
func SharesInUse(saved *Saved, now time.Time, random io.Reader) ([]SavedRecord, error) {
	targets, err := decodeAll[*ctl.Target](saved, KindTarget)
	if err != nil {
		return nil, err
	}
	sessions, err := decodeAll[*ctl.Session](saved, KindSession)
	if err != nil {
		return nil, err
	}
	var records []SavedRecord
	for _, t := range targets {
		guests := guestsOf(t.record, sessions)
		if len(guests) == 0 {
			continue
		}
		share, err := shareInUse(t.record, guests, now, random)
		if err != nil {
			return nil, err
		}
		records = append(records, SavedRecord{ID: share.ID, Value: encodeRecord(uint64(len(records)), share)})
	}
	return records, nil
}

// guestsOf lists the accounts that have sessions on another's target.
func guestsOf(t *ctl.Target, sessions []aged[*ctl.Session]) []string {
	var guests []string
	for _, s := range sessions {
		if account := s.record.Account; s.record.Target == t.ID && account != t.Account && !slices.Contains(guests, account) {
			guests = append(guests, account)
		}
	}
	return guests
}

func shareInUse(t *ctl.Target, guests []string, now time.Time, random io.Reader) (*ctl.Share, error) {
	id, err := ctl.NewUUID(random)
	if err != nil {
		return nil, err
	}
	s := &ctl.Share{Common: ctl.Common{ID: id, Name: "in-use-" + t.ID, Account: t.Account,
		Description: fmt.Sprintf("made for the sessions that other accounts had on target %q", t.Name)}, AllowExternal: true, Targets: []string{t.ID}, Created: now, Updated: now}
	for _, account := range guests {
		invitation, err := ctl.NewUUID(random)
		if err != nil {
			return nil, err
		}
		s.Principals = append(s.Principals, &ctl.SharePrincipal{ID: account, Status: ctl.ShareAccepted, Invitation: invitation,
			Since: now, Invited: now, Answered: now})
	}
	return s, nil
}
