package ec2

import (
	"encoding/base64"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"mirrorgw/ctl"
	"mirrorgw/ctl/store"

	"pgregory.net/rapid"
)

// found are the values of an element in the items of an answer.
func found(e *element, set, name string) []string {
	var all []string
	for _, item := range e.at(set).children {
		all = append(all, item.at(name).text)
	}
	return all
}

// filtered are the parameters of filters: a name and its values, separated by commas, each.
func filtered(filters ...string) []string {
	var params []string
	for i := 0; i < len(filters); i += 2 {
		n := strconv.Itoa(i/2 + 1)
		params = append(params, "Filter."+n+".Name", filters[i])
		for j, value := range strings.Split(filters[i+1], ",") {
			params = append(params, fmt.Sprintf("Filter.%s.Value.%d", n, j+1), value)
		}
	}
	return params
}

// TestFilters: values of a filter are alternatives, filters are conditions.
func TestFilters(t *testing.T) {
	w := newWorld(t)
	b := w.build()
	second := w.ok("CreateTrafficMirrorSession", "NetworkInterfaceId", b.source, "TrafficMirrorTargetId", b.target, "TrafficMirrorFilterId", b.filter, "SessionNumber", "12",
		"PacketLength", "100", "Description", "Web 100%", "TagSpecification.1.ResourceType", "traffic-mirror-session", "TagSpecification.1.Tag.1.Key", "stack",
		"TagSpecification.1.Tag.1.Value", "prod*").at("trafficMirrorSession", "trafficMirrorSessionId").text
	both := []string{b.session, second}
	slices.Sort(both)
	none := []string(nil)
	for _, test := range []struct {
		filters []string
		want    []string
	}{
		{nil, both},
		{p("session-number", "1"), []string{b.session}},
		{p("session-number", "1,12"), both},
		{p("session-number", "1*"), both},
		{p("session-number", "1?"), []string{second}},
		{p("session-number", "1,12", "packet-length", "100"), []string{second}},
		{p("session-number", "1", "packet-length", "100"), none},
		{p("description", "Web*"), []string{second}},
		{p("description", "web*"), none},
		{p("description", "*"), []string{second}},
		{p("description", "Web 100%"), []string{second}},
		{p("tag:stack", "prod*"), []string{second}},
		{p("tag:stack", `prod\*`), []string{second}},
		{p("tag:stack", `prod\?`), none},
		{p("tag:stack", "PROD*"), none},
		{p("tag-key", "sta?k"), []string{second}},
		{p("tag-key", "Name"), none},
		{p("owner-id", alice), both},
		{p("owner-id", bob), none},
		{p("virtual-network-id", "7"), []string{b.session}},
		{p("network-interface-id", b.source, "traffic-mirror-target-id", b.target, "traffic-mirror-filter-id", b.filter, "traffic-mirror-session-id", second), []string{second}},
	} {
		if got := found(w.ok("DescribeTrafficMirrorSessions", filtered(test.filters...)...), "trafficMirrorSessionSet", "trafficMirrorSessionId"); !slices.Equal(got, test.want) {
			t.Errorf("%q finds %v, want %v", test.filters, got, test.want)
		}
	}
	if got := found(w.ok("DescribeTrafficMirrorSessions", append(filtered("session-number", "12"), "TrafficMirrorSessionId.1", b.session, "TrafficMirrorSessionId.5", second,
		"TrafficMirrorSessionId.7", second)...), "trafficMirrorSessionSet", "trafficMirrorSessionId"); !slices.Equal(got, []string{second}) {
		t.Errorf("by identifiers and a filter: %v", got)
	}
	w.ok("CreateTrafficMirrorFilterRule", w.rule(b.filter, "RuleNumber", "5", "RuleAction", "reject", "TrafficDirection", "egress", "SourceCidrBlock", "::/0", "DestinationCidrBlock", "::/0")...)
	for _, test := range []struct {
		params []string
		want   int
	}{
		{filtered("rule-action", "reject"), 1}, {filtered("protocol", "6"), 1}, {filtered("protocol", "*"), 1}, {filtered("rule-number", "5,100"), 2}, {filtered("traffic-direction", "ingress"), 1},
		{filtered("source-cidr-block", "::/0"), 1}, {filtered("destination-cidr-block", "10.*"), 1}, {filtered("traffic-mirror-filter-id", b.filter), 2},
		{filtered("traffic-mirror-filter-rule-id", b.rule), 1}, {p("TrafficMirrorFilterId", b.filter), 2}, {p("TrafficMirrorFilterId", b.filter, "TrafficMirrorFilterRuleId.1", b.rule), 1},
	} {
		if got := len(w.ok("DescribeTrafficMirrorFilterRules", test.params...).at("trafficMirrorFilterRuleSet").children); got != test.want {
			t.Errorf("%q finds %d rules, want %d", test.params, got, test.want)
		}
	}
	other := w.ok("CreateTrafficMirrorFilter").at("trafficMirrorFilter", "trafficMirrorFilterId").text
	w.refused("InvalidTrafficMirrorFilterRuleId.NotFound", "DescribeTrafficMirrorFilterRules", "TrafficMirrorFilterId", other, "TrafficMirrorFilterRuleId.1", b.rule)
	arn := w.balancer("lb")
	target := w.ok("CreateTrafficMirrorTarget", "NetworkLoadBalancerArn", arn).at("trafficMirrorTarget", "trafficMirrorTargetId").text
	if got := found(w.ok("DescribeTrafficMirrorTargets", filtered("network-load-balancer-arn", arn)...), "trafficMirrorTargetSet", "trafficMirrorTargetId"); !slices.Equal(got, []string{target}) {
		t.Errorf("by load balancer: %v", got)
	}
}

// TestMatches compares wildcards with regular expressions.
func TestMatches(t *testing.T) {
	for _, test := range []struct {
		pattern, text string
		want          bool
	}{{"", "", true}, {"", "a", false}, {"*", "", true}, {`\`, `\`, true}, {`a\`, `a\`, true}, {`\\`, `\`, true}, {`\*`, "*", true}, {`\*`, "x", false}, {"é?", "éß", true}, {"**a**", "ba", true}} {
		if matches(test.pattern, test.text) != test.want {
			t.Errorf("%q against %q", test.text, test.pattern)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		letters := rapid.SliceOfN(rapid.SampledFrom([]rune(`ab*?\`)), 0, 8)
		pattern, text := string(letters.Draw(t, "pattern")), string(letters.Draw(t, "text"))
		if got, want := matches(pattern, text), expression(pattern).MatchString(text); got != want {
			t.Fatalf("%q against %q: %v, a regular expression says %v", text, pattern, got, want)
		}
	})
	began := time.Now()
	if matches(strings.Repeat("*a", 500)+"b", strings.Repeat("a", 1000)) {
		t.Error("matched")
	}
	if took := time.Since(began); took > time.Second {
		t.Errorf("a spiteful pattern takes %v", took)
	}
}

func expression(pattern string) *regexp.Regexp {
	text, plain := "", false
	letters := []rune(pattern)
	for i, r := range letters {
		switch {
		case plain:
			text, plain = text+regexp.QuoteMeta(string(r)), false
		case r == '\\' && i+1 < len(letters):
			plain = true
		case r == '*':
			text += ".*"
		case r == '?':
			text += "."
		default:
			text += regexp.QuoteMeta(string(r))
		}
	}
	return regexp.MustCompile("^(?s:" + text + ")$")
}

// many makes so many sessions of the caller's account, two a source.
func (w *world) many(b base, n int) {
	w.Helper()
	w.put(func(tx *store.Tx) error {
		for i := range n {
			source := fmt.Sprintf("many-%d", i/2)
			if i%2 == 0 {
				r := &ctl.Interface{Common: ctl.Common{Name: source, Account: w.account}, Port: "wire1", HasMAC: true, MAC: [6]byte{2, 9, 0, byte(i >> 16), byte(i >> 8), byte(i)}}
				if err := tx.PutInterface(r); err != nil {
					return err
				}
			}
			r := &ctl.Session{Common: ctl.Common{Name: fmt.Sprintf("s-%d", i), Account: w.account, Tags: map[string]string{"n": strconv.Itoa(i), "m": "x"}},
				Source: source, Target: b.target, Filter: b.filter, Number: 1 + i%2}
			if err := tx.PutSession(r); err != nil {
				return err
			}
		}
		return nil
	})
}

// walk reads all pages and returns the identifiers in their order.
func (w *world) walk(set, key string, name string, between func(page int), params ...string) (all []string, pages int) {
	w.Helper()
	token := ""
	for {
		with := params
		if token != "" {
			with = append(slices.Clone(params), "NextToken", token)
		}
		e := w.ok(name, with...)
		all = append(all, found(e, set, key)...)
		pages++
		token = e.at("nextToken").text
		if token == "" {
			return all, pages
		}
		if between != nil {
			between(pages)
		}
	}
}

// TestPages walks over 10,000 sessions while others come and go: what is there all the time is
// told once, and in good time.
func TestPages(t *testing.T) {
	const n = 10000
	w := newWorld(t, "sessions_per_account = 20000", "sessions_per_source = 10")
	b := w.build()
	w.many(b, n)
	began := time.Now()
	all, pages := w.walk("trafficMirrorSessionSet", "trafficMirrorSessionId", "DescribeTrafficMirrorSessions", nil)
	if len(all) != n+1 || pages != 11 || !slices.IsSorted(all) || len(slices.Compact(slices.Clone(all))) != n+1 {
		t.Errorf("%d sessions on %d pages", len(all), pages)
	}
	t.Logf("%d sessions on %d pages in %v", len(all), pages, time.Since(began))
	began = time.Now()
	few, pages := w.walk("trafficMirrorSessionSet", "trafficMirrorSessionId", "DescribeTrafficMirrorSessions", nil, append(filtered("tag:n", "*7"), "MaxResults", "5")...)
	if len(few) != n/10 || pages != n/50 {
		t.Errorf("%d sessions on %d pages of 5", len(few), pages)
	}
	t.Logf("%d pages of 5 with a filter in %v", pages, time.Since(began))
	tags, _ := w.walk("tagSet", "resourceId", "DescribeTags", nil, "MaxResults", "999")
	if len(tags) != 2*n+2 { // and those of the target and the source
		t.Errorf("%d tags", len(tags))
	}

	gone, number := map[string]bool{}, 10
	again, _ := w.walk("trafficMirrorSessionSet", "trafficMirrorSessionId", "DescribeTrafficMirrorSessions", func(page int) {
		for _, at := range []int{page * 1000, page*1000 - 1, n - page} { // what comes next, the very last told, one near the end
			if !gone[all[at]] {
				w.ok("DeleteTrafficMirrorSession", "TrafficMirrorSessionId", all[at])
				gone[all[at]] = true
			}
		}
		if number++; number < 17 {
			w.ok("CreateTrafficMirrorSession", "NetworkInterfaceId", b.source, "TrafficMirrorTargetId", b.target, "TrafficMirrorFilterId", b.filter, "SessionNumber", strconv.Itoa(number))
		}
	}, "MaxResults", "1000")
	times := map[string]int{}
	for _, id := range again {
		times[id]++
	}
	for _, id := range all {
		if times[id] != 1 && !gone[id] {
			t.Errorf("%s was told %d times", id, times[id])
		}
		if times[id] > 1 {
			t.Errorf("%s was told %d times", id, times[id])
		}
	}
}

// TestNextToken: a token is good for the request that it came from, and for no other.
func TestNextToken(t *testing.T) {
	w := openWorld(t, t.TempDir(), nil)
	b := w.build()
	for i := range 9 {
		w.ok("CreateTrafficMirrorFilter", "Description", strconv.Itoa(i))
	}
	params := append(filtered("description", "*"), "MaxResults", "5")
	token := w.ok("DescribeTrafficMirrorFilters", params...).at("nextToken").text
	next := func() []string {
		return found(w.ok("DescribeTrafficMirrorFilters", append(params, "NextToken", token)...), "trafficMirrorFilterSet", "trafficMirrorFilterId")
	}
	before := next()
	if len(before) != 4 {
		t.Errorf("the second page has %d", len(before))
	}
	w.ok("DescribeTrafficMirrorFilters", append(with(params, "MaxResults", "6"), "NextToken", token)...) // another size is the same list
	w.refused("InvalidNextToken", "DescribeTrafficMirrorFilters", append(with(params, "Filter.1.Value.1", "1*"), "NextToken", token)...)
	w.refused("InvalidNextToken", "DescribeTrafficMirrorFilters", "NextToken", token)
	w.refused("InvalidNextToken", "DescribeTrafficMirrorTargets", append(params, "NextToken", token)...)
	raw, _ := base64.RawURLEncoding.DecodeString(token)
	for i := range raw {
		bent := slices.Clone(raw)
		bent[i] ^= 1
		w.refused("InvalidNextToken", "DescribeTrafficMirrorFilters", append(params, "NextToken", base64.RawURLEncoding.EncodeToString(bent))...)
	}
	w.refused("InvalidNextToken", "DescribeTrafficMirrorFilters", append(params, "NextToken", token+"=")...)
	w.account = bob
	w.refused("InvalidNextToken", "DescribeTrafficMirrorFilters", append(params, "NextToken", token)...)
	w.account = alice
	w.store.Close()
	w.open(nil)
	if after := next(); !slices.Equal(after, before) {
		t.Errorf("after a restart the page is %v, was %v", after, before)
	}
	_ = b
}

// TestLongAnswers: pages of filters with very many rules end early.
func TestLongAnswers(t *testing.T) {
	w := newWorld(t, "rules_per_filter = 10000")
	w.put(func(tx *store.Tx) error {
		for i := range 12 {
			f := &ctl.Filter{Common: ctl.Common{Name: fmt.Sprintf("f%d", i), Account: alice}}
			for n := range 2500 {
				r := &ctl.Rule{}
				r.Number, r.Protocol, r.Description = n+1, -1, strings.Repeat("d", 200)
				f.Rules = append(f.Rules, r)
			}
			if err := tx.PutFilter(f); err != nil {
				return err
			}
		}
		return nil
	})
	all, pages := w.walk("trafficMirrorFilterSet", "trafficMirrorFilterId", "DescribeTrafficMirrorFilters", nil)
	if len(all) != 12 || pages < 3 || pages > 12 {
		t.Errorf("%d filters on %d pages", len(all), pages)
	}
}
