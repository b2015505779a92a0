package console

import "mirrorgw/ctl/console/live"

// list is a table whose rows come and go.
type list struct {
	ID, Heading, Empty string
	Columns            []listColumn
	Rows               []live.Row
}

// listColumn shows a field of the rows.
type listColumn struct {
	Label, Field, Unit string
	Link               string // field with the path that it links to; empty: it does not
}

// Number says whether a column has numbers.
func (c listColumn) Number() bool { return c.Unit != unitWord && c.Unit != unitStatus }

// Badge says whether it has words that say how something is.
func (c listColumn) Badge() bool { return c.Unit == unitStatus }

func busiestList(n *now) list {
	return list{ID: "busiest", Heading: "Busiest sessions", Empty: "No session makes or skips copies at the moment.", Rows: n.list("busiest"), Columns: []listColumn{
		{"Session", "name", unitWord, "path"}, {"Source", "source", unitWord, ""}, {"Target", "target", unitWord, ""}, {"Copies/s", "copies", "copies", ""}, {"bit/s", "bits", "bits", ""}, {"Skipped/s", "skips", "copies", ""}}}
}

func changesList(n *now) list {
	return list{ID: "changes", Heading: "Last changes", Empty: "No change is kept.", Rows: n.list("changes"), Columns: []listColumn{
		{"Resource", "what", unitWord, "path"}, {"Change", "change", unitWord, ""}, {"By", "by", unitWord, ""}, {"Time", "time", unitSince, ""}}}
}

func skipsList(n *now) list {
	return list{ID: "skips", Heading: "Copies skipped, by reason", Empty: "No copy has been skipped since the gateway started.", Rows: n.list("skips"), Columns: []listColumn{
		{"Reason", "key", unitWord, ""}, {"A second", "rate", "copies", ""}, {"Since the start", "total", unitTotal, ""}}}
}

func dropsList(n *now) list {
	return list{ID: "drops", Heading: "Production frames dropped, by reason", Empty: "No production frame has been dropped since the gateway started.", Rows: n.list("drops"), Columns: []listColumn{
		{"Port", "port", unitWord, ""}, {"Reason", "reason", unitWord, ""}, {"Counted by", "by", unitWord, ""}, {"A second", "rate", "frames", ""}, {"Since the start", "total", unitTotal, ""}}}
}
