package store

import (
	"fmt"

	"mirrorgw/ctl"
	"mirrorgw/ctl/api"
)

// settle judges what the closure did: every node in hand is linked again, by what its record says
// now, and problems are collected on the way. Nothing else is looked at.
func (tx *Tx) settle() error {
	for _, try := range tx.later {
		try()
	}
	tx.deleteOrphans()
	tx.checkDeleted()
	for _, n := range tx.interfaces {
		if !n.touch.deleted {
			tx.settleInterface(n)
		}
	}
	for _, n := range tx.balancers {
		if !n.touch.deleted {
			tx.settleBalancer(n)
		}
	}
	for _, n := range tx.targets {
		if !n.touch.deleted {
			tx.settleTarget(n)
		}
	}
	for _, n := range tx.balancers {
		if !n.touch.deleted && n.touch.put {
			tx.warnBalancer(n)
		}
	}
	tx.settleRules()
	for _, n := range tx.shares {
		if !n.touch.deleted {
			tx.settleShare(n)
		}
	}
	tx.settleVNIs()
	for _, n := range tx.sessions {
		if !n.touch.deleted {
			tx.settleSession(n)
		}
	}
	tx.checkTargetsAsSources()
	tx.checkUses()
	return tx.problems.Err()
}

// deleteOrphans deletes the sessions of deleted interfaces that were in hand already for another
// reason when their interface went. A session that was put by the caller is not one of them: it
// asks for a source that is not there.
func (tx *Tx) deleteOrphans() {
	for _, n := range tx.sessions {
		if n.touch.put || n.touch.deleted {
			continue
		}
		if _, ok := tx.st.interfaces.byID[n.rec.Source]; !ok {
			leave(tx, tx.st.sessions, n, &n.entry)
		}
	}
}

// checkDeleted refuses to delete what others, that this change leaves alone, refer to.
func (tx *Tx) checkDeleted() {
	for _, n := range tx.interfaces {
		if n.touch.deleted && len(n.targets) > 0 {
			tx.inUse(&n.entry, &n.rec.Common, n.rec.Subject(), "target", n.targets[0].rec.Name, len(n.targets))
		}
	}
	for _, n := range tx.balancers {
		if n.touch.deleted && len(n.targets) > 0 {
			tx.inUse(&n.entry, &n.rec.Common, n.rec.Subject(), "target", n.targets[0].rec.Name, len(n.targets))
		}
	}
	for _, n := range tx.targets {
		if n.touch.deleted && len(n.sessions) > 0 { // those of its own account: deleteTarget took the others
			tx.inUse(&n.entry, &n.rec.Common, n.rec.Subject(), "session", n.sessions[0].rec.Name, len(n.sessions))
		}
	}
	for _, n := range tx.filters {
		if n.touch.deleted && len(n.sessions) > 0 {
			tx.inUse(&n.entry, &n.rec.Common, n.rec.Subject(), "session", n.sessions[0].rec.Name, len(n.sessions))
		}
	}
}

func (tx *Tx) inUse(e *entry, c *ctl.Common, subject, kind, name string, count int) {
	e.touch.put = true // it is what the caller asked for
	if count == 1 {
		tx.fail(e, c, subject, api.CodeInUse, "", "it cannot be deleted while %s %q uses it; delete or change that first", kind, name)
		return
	}
	tx.fail(e, c, subject, api.CodeInUse, "", "it cannot be deleted while %d %ss use it, among them %q; delete or change those first", count, kind, name)
}

func (tx *Tx) settleInterface(n *interfaceNode) {
	st, r := tx.st, n.rec
	n.fault, n.source.Name = "", r.Name
	n.addresses = r.Addresses
	keyed := false
	if r.Port != "" {
		keyed = tx.keyInterface(n)
		port, fault := st.ways.source(r)
		if fault != "" {
			tx.unserved(&n.entry, &r.Common, r.Subject(), "port", fault)
		}
		n.source.ID, n.source.Name, n.source.Account, n.source.Port = r.ID, r.Name, r.Account, port
		n.source.MAC, n.source.HasMAC, n.source.VLAN = r.MAC, r.HasMAC, r.VLAN
	}
	st.linkInterface(n, keyed)
	tx.onUndo(func() { st.unlinkInterface(n) })
}

// neighbour names a resource to whoever has another one. Names of other accounts are not told.
func neighbour(word string, to, other *ctl.Common) string {
	if other.Account == to.Account {
		return fmt.Sprintf("%s %q", word, other.Name)
	}
	return fmt.Sprintf("%s of account %s", word, other.Account)
}

// keyInterface makes sure that frames tell the interface from every other.
func (tx *Tx) keyInterface(n *interfaceNode) bool {
	r := n.rec
	n.key = sourceKey{port: r.Port, mac: r.MAC, hasMAC: r.HasMAC, vlan: r.VLAN}
	if other := tx.st.bySource[n.key]; other != nil {
		tx.fail(&n.entry, &r.Common, r.Subject(), api.CodeAlreadyExists, "port",
			"it has the same port, mac and vlan as %s; change or remove one of the two", neighbour("interface", &r.Common, &other.rec.Common))
		return false
	}
	return true
}

// settleVNIs enters the VNIs that sessions ask for and then draws the others.
func (tx *Tx) settleVNIs() {
	for _, n := range tx.sessions {
		if !n.touch.deleted && n.rec.VNI != 0 {
			tx.useVNI(n)
		}
	}
	for _, n := range tx.sessions {
		if !n.touch.deleted && n.rec.VNI == 0 {
			if err := tx.drawVNI(n); err != nil {
				tx.fail(&n.entry, &n.rec.Common, n.rec.Subject(), api.CodeInternal, "vni", "%v", err)
				return
			}
			tx.useVNI(n)
		}
	}
}

func (tx *Tx) useVNI(n *sessionNode) {
	n.vni = vniKey{n.rec.Account, n.rec.VNI}
	tx.st.takeVNI(n.vni)
	tx.onUndo(func() { tx.st.dropVNI(n.vni); n.vni = vniKey{} })
}

// drawVNI draws 24 bits until they are a VNI that the account does not use. At most 65,536 of
// 16,777,215 are in use, so a second draw is rare.
func (tx *Tx) drawVNI(n *sessionNode) error {
	for {
		vni, err := ctl.DrawVNI(tx.random)
		if err != nil {
			return err
		}
		if vni != 0 && tx.st.vnis[vniKey{n.rec.Account, vni}] == 0 {
			n.rec.VNI = vni
			return nil
		}
	}
}
