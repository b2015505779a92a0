package metrics

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mirrorgw/ctl/report"
)

func TestValuesAreThoseOfTheReport(t *testing.T) {
	got := newWorld(t).scrape(t, &cloudWatch{}).values
	const (
		all = `id="tms-00000000000000001",name="all",owner="000000000000",`
		two = `id="tms-00000000000000002",name="two",owner="000000000000",`
		web = `id="eni-00000000000000001",name="web-1",owner="000000000000",`
		i1  = `{InstanceId="i-1",ImageId="ami-1",InstanceType="m5.large",AutoScalingGroupName="web"}`
		i2  = `{InstanceId="i-2",ImageId="",InstanceType="",AutoScalingGroupName=""}`
		lb  = `id="nlb-00000000000000001",name="pool",owner="000000000000",`
	)
	for series, want := range map[string]float64{
		`mirrorgw_port_info{port="wire0",role="wire",peer="wire1",driver="net_null"}`:                                           1,
		`mirrorgw_port_up{port="wire0"}`:                                                                                        1,
		`mirrorgw_port_up{port="wire1"}`:                                                                                        0,
		`mirrorgw_port_rx_packets_total{port="wire0"}`:                                                                          1<<60 + 1,
		`mirrorgw_port_tx_bytes_total{port="wire1"}`:                                                                            8,
		`mirrorgw_port_copies_bytes_total{port="tun0"}`:                                                                         10,
		`mirrorgw_port_consumed_bytes_total{port="wire0"}`:                                                                      6,
		`mirrorgw_port_originate_failed_packets_total{port="tun0"}`:                                                             13,
		`mirrorgw_port_dropped_packets_total{port="wire0",reason="too_long"}`:                                                   3,
		`mirrorgw_port_dropped_packets_total{port="tun0",reason="tx_full"}`:                                                     0,
		`mirrorgw_port_driver_errors_total{port="wire0",counter="imissed"}`:                                                     4,
		`mirrorgw_port_driver_errors_total{port="wire0",counter="oerrors"}`:                                                     0,
		`mirrorgw_source_seen_packets_total{` + web + `direction="ingress"}`:                                                    20,
		`mirrorgw_source_excluded_packets_total{` + web + `direction="ingress",type="arp"}`:                                     2,
		`mirrorgw_session_info{` + all + `source="web-1",target="ids",filter="web",number="1",vni="7"}`:                         1,
		`mirrorgw_session_mirrored_bytes_total{` + all + `direction="ingress"}`:                                                 900,
		`mirrorgw_session_skipped_bytes_total{` + all + `direction="ingress",reason="unresolved"}`:                              100,
		`mirrorgw_session_skipped_packets_total{` + two + `direction="egress",reason="mempool"}`:                                1,
		`mirrorgw_rule_hits_total{id="tmf-00000000000000001",name="web",owner="000000000000",direction="ingress",number="100"}`: 10,
		`mirrorgw_target_resolved{id="tmt-00000000000000001",name="ids",owner="000000000000"}`:                                  1,
		`mirrorgw_target_resolved{id="tmt-00000000000000002",name="farm",owner="000000000000"}`:                                 0,
		`mirrorgw_target_state{id="tmt-00000000000000001",name="ids",owner="000000000000",state="reachable"}`:                   1,
		`mirrorgw_target_state{id="tmt-00000000000000002",name="farm",owner="000000000000",state="degraded"}`:                   1,
		`mirrorgw_session_sample_one_in{id="tms-00000000000000002",name="two",owner="000000000000"}`:                            10,
		`mirrorgw_session_limit_bits_per_second{id="tms-00000000000000002",name="two",owner="000000000000"}`:                    64000,
		`mirrorgw_target_limit_packets_per_second{id="tmt-00000000000000001",name="ids",owner="000000000000"}`:                  5000,
		`mirrorgw_target_limit_bits_per_second{id="tmt-00000000000000001",name="ids",owner="000000000000"}`:                     1e12,
		`mirrorgw_target_path_mtu_bytes{id="tmt-00000000000000001",name="ids",owner="000000000000"}`:                            1450,
		`mirrorgw_load_balancer_member_state{` + lb + `member="192.0.2.21",zone="a",state="down"}`:                              1,
		`mirrorgw_load_balancer_member_state{` + lb + `member="192.0.2.21",zone="a",state="healthy"}`:                           0,
		`mirrorgw_load_balancer_zone_served{` + lb + `zone=""}`:                                                                 1,
		`mirrorgw_underlay_neighbors{state="reachable"}`:                                                                        2,
		`mirrorgw_underlay_events_total{event="arp_request"}`:                                                                   5,
		`mirrorgw_lcore_info{lcore="1",cpu="2",role="worker"}`:                                                                  1,
		`mirrorgw_lcore_info{lcore="3",cpu="4",role="mirror"}`:                                                                  1,
		`mirrorgw_lcore_handed_over_copies_total{lcore="1",cpu="2"}`:                                                            50,
		`mirrorgw_lcore_taken_over_copies_total{lcore="3",cpu="4"}`:                                                             48,
		`mirrorgw_lcore_heartbeats_total{lcore="1",cpu="2"}`:                                                                    99,
		`mirrorgw_lcore_longest_gap_seconds{lcore="1",cpu="2"}`:                                                                 0.001,
		`mirrorgw_lcore_generation{lcore="1",cpu="2"}`:                                                                          2,
		`mirrorgw_lcore_clock_hertz{lcore="1",cpu="2"}`:                                                                         2e9,
		`mirrorgw_lcore_busy_seconds_total{lcore="1",cpu="2"}`:                                                                  3,
		`mirrorgw_lcore_housekeeping_seconds_total{lcore="1",cpu="2"}`:                                                          0.5,
		`mirrorgw_lcore_large_rule_sets_asked_total{lcore="1",cpu="2",result="cache"}`:                                          12,
		`mirrorgw_lcore_large_rule_sets_asked_total{lcore="1",cpu="2",result="search"}`:                                         3,
		`mirrorgw_lcore_timed_packets_total{lcore="1",cpu="2"}`:                                                                 64,
		`mirrorgw_lcore_timed_seconds_total{lcore="1",cpu="2",stage="decide"}`:                                                  1.5,
		`mirrorgw_lcore_loop_seconds_bucket{lcore="1",cpu="2",le="2.5e-07"}`:                                                    10,
		`mirrorgw_lcore_loop_seconds_bucket{lcore="1",cpu="2",le="5e-07"}`:                                                      14,
		`mirrorgw_lcore_loop_seconds_bucket{lcore="1",cpu="2",le="+Inf"}`:                                                       15,
		`mirrorgw_lcore_loop_seconds_count{lcore="1",cpu="2"}`:                                                                  15,
		`mirrorgw_lcore_loop_seconds_sum{lcore="1",cpu="2"}`:                                                                    4,
		`mirrorgw_lcore_burst_packets_bucket{lcore="1",cpu="2",le="0"}`:                                                         5,
		`mirrorgw_lcore_burst_packets_bucket{lcore="1",cpu="2",le="3"}`:                                                         11,
		`mirrorgw_lcore_burst_packets_bucket{lcore="1",cpu="2",le="15"}`:                                                        12,
		`mirrorgw_lcore_burst_packets_bucket{lcore="1",cpu="2",le="31"}`:                                                        13,
		`mirrorgw_lcore_burst_packets_bucket{lcore="1",cpu="2",le="32"}`:                                                        15,
		`mirrorgw_lcore_burst_packets_bucket{lcore="1",cpu="2",le="+Inf"}`:                                                      15,
		`mirrorgw_lcore_burst_packets_sum{lcore="1",cpu="2"}`:                                                                   1 + 4 + 9 + 4 + 31 + 64,
		`mirrorgw_law_unaccounted_packets{law="production"}`:                                                                    0,
		`mirrorgw_port_xstats_total{port="wire0",counter="rx_crc_errors"}`:                                                      21,
		`mirrorgw_mempool_mbufs{pool="mgw_rx"}`:                                                                                 100,
		`mirrorgw_mempool_in_use_mbufs{pool="mgw_rx"}`:                                                                          30,
		`mirrorgw_mempool_available_mbufs{pool="mgw_rx"}`:                                                                       70,
		`mirrorgw_load_balancer_zone_members{` + lb + `zone=""}`:                                                                1,
		`mirrorgw_load_balancer_zone_members{` + lb + `zone="a"}`:                                                               0,
		`mirrorgw_api_requests_total{action="getState",status="200"}`:                                                           2,
		`mirrorgw_api_watchers`:                                              1,
		`mirrorgw_api_connections`:                                           1,
		`mirrorgw_aws_requests_total{service="ec2",status="503"}`:            1,
		`mirrorgw_aws_connections`:                                           1,
		`mirrorgw_state_usable`:                                              1,
		`mirrorgw_config_last_reload_successful`:                             0,
		`mirrorgw_config_last_reload_success_timestamp_seconds`:              1234.5,
		`mirrorgw_config_reloads_total{result="ok"}`:                         2,
		`mirrorgw_config_reloads_total{result="failed"}`:                     1,
		`mirrorgw_bypass_inline`:                                             1,
		`mirrorgw_bypass_failing`:                                            1,
		`mirrorgw_bypass_runs_total{event="inline",result="ok"}`:             2,
		`mirrorgw_bypass_runs_total{event="inline",result="failed"}`:         1,
		`mirrorgw_bypass_runs_total{event="heartbeat",result="ok"}`:          9,
		`mirrorgw_config_restart_needed_keys`:                                1,
		`mirrorgw_state_file_bytes`:                                          12345,
		`mirrorgw_state_writable`:                                            1,
		`mirrorgw_metrics_omitted_series{metric="mirrorgw_rule_hits_total"}`: 0,
		`mirrorgw_generation`:                                                3,
		`mirrorgw_pending_changes`:                                           1,
		`mirrorgw_resources{kind="sessions"}`:                                2,
		`mirrorgw_cloudwatch_NetworkMirrorIn` + i1:                           900, `mirrorgw_cloudwatch_NetworkMirrorOut` + i1: 77,
		`mirrorgw_cloudwatch_NetworkMirrorOut` + i2: 600, `mirrorgw_cloudwatch_NetworkPacketsMirrorOut` + i2: 6,
		`mirrorgw_cloudwatch_NetworkSkipMirrorOut` + i2: 500, `mirrorgw_cloudwatch_NetworkPacketsSkipMirrorOut` + i2: 5,
	} {
		if n, there := got[series]; !there || n != want {
			t.Errorf("%s is %v (there: %v), want %v", series, n, there, want)
		}
	}
	if _, there := got[`mirrorgw_cloudwatch_NetworkPacketsMirrorIn`+i1]; there {
		t.Error("an instance with detailed monitoring has a metric of packets")
	}
}

// TestCopiesBetweenLcores: there are none without mirror lcores, and so no series.
func TestCopiesBetweenLcores(t *testing.T) {
	w := newWorld(t)
	got := w.scrape(t, &cloudWatch{}).values
	for _, series := range []string{`mirrorgw_lcore_handed_over_copies_total{lcore="3",cpu="4"}`, `mirrorgw_lcore_taken_over_copies_total{lcore="1",cpu="2"}`} {
		if _, there := got[series]; there {
			t.Errorf("%s is there", series)
		}
	}
	w.status.Lcores = w.status.Lcores[:1]
	if _, there := w.scrape(t, &cloudWatch{}).values[`mirrorgw_lcore_handed_over_copies_total{lcore="1",cpu="2"}`]; there {
		t.Error("copies are handed over, but to nobody")
	}
}

// TestLabelsAreEscaped: a name is the operator's, not ours.
func TestLabelsAreEscaped(t *testing.T) {
	w := newWorld(t)
	w.report.Ports["a\"b\\c\nd\xff"] = report.Port{RxPackets: 1}
	got := w.scrape(t, &cloudWatch{}).values
	if series := `mirrorgw_port_rx_packets_total{port="a\"b\\c\nd` + "\uFFFD" + `"}`; got[series] != 1 {
		t.Errorf("there is no %s", series)
	}
}

// TestInstancesNeverFall: sessions come and go, and their instance's sums only grow.
func TestInstancesNeverFall(t *testing.T) {
	w, watch := newWorld(t), &cloudWatch{}
	const series = `mirrorgw_cloudwatch_NetworkMirrorIn{InstanceId="i-1",ImageId="ami-1",InstanceType="m5.large",AutoScalingGroupName="web"}`
	check := func(what string, want float64) {
		t.Helper()
		if got := w.scrape(t, watch).values[series]; got != want {
			t.Errorf("%s: %v, want %v", what, got, want)
		}
	}
	check("at first", 900)
	session := w.report.Sessions["all"]
	session.Ingress.MirroredBytes = 1000
	w.report.Sessions["all"] = session
	check("after 100 more", 1000)
	delete(w.report.Sessions, "all")
	check("without session", 1000)
	session.ID, session.Ingress.MirroredBytes = "tms-00000000000000009", 5
	w.report.Sessions["another"] = session
	check("with another session", 1005)
	session.Ingress.MirroredBytes = 2
	w.report.Sessions["another"] = session
	check("after it began anew", 1007)
}

var docRow = regexp.MustCompile("(?m)^\\| `([a-z][A-Za-z0-9_]*)` \\| (counter|gauge|histogram) \\| (.*?) \\| (.+) \\|$")

// TestDocumented compares the page with the table, both ways, and the table with what is written.
func TestDocumented(t *testing.T) {
	page, err := os.ReadFile("../../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	documented, table := map[string]string{}, map[string]string{}
	for _, m := range docRow.FindAllStringSubmatch(string(page), -1) {
		if _, again := documented[m[1]]; again {
			t.Errorf("%s is documented twice", m[1])
		}
		labels := strings.Trim(strings.NewReplacer("`", "", " ", "").Replace(m[3]), "-")
		documented[m[1]] = m[2] + " {" + labels + "} " + m[4]
	}
	written := newWorld(t).scrape(t, &cloudWatch{})
	for _, f := range families {
		labels := strings.Join(f.labels, ",")
		table[f.name] = string(f.kind) + " {" + labels + "} " + f.help
		if kind := written.kinds[f.name]; kind != string(f.kind) {
			t.Errorf("%s is written as %q, and the table says %s; give the sample world something to count", f.name, kind, f.kind)
		}
		if written.labels[f.name] != labels {
			t.Errorf("%s is written with labels %q, and the table says %q", f.name, written.labels[f.name], labels)
		}
	}
	if diff := cmp.Diff(documented, table); diff != "" {
		t.Errorf("docs/metrics.md (-) and the code (+) differ:\n%s", diff)
	}
	if len(written.kinds) != len(families) {
		t.Errorf("%d families are written, %d are in the table", len(written.kinds), len(families))
	}
}
