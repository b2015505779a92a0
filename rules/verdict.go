package rules

// Exclusion names a traffic type that is never mirrored.
type Exclusion uint8

// The traffic types of the AWS guide's list, and our own copies; the values are shared with the C data path.
const (
	NotExcluded Exclusion = iota
	ExcludedARP
	ExcludedDHCP
	ExcludedMetadata
	ExcludedNTP
	ExcludedWindowsActivation
	ExcludedAmazonDNS // resolver traffic of a source none of whose filters has amazon-dns
	ExcludedOwnCopy   // a copy on its way to a target: it is never copied again
	Exclusions
)

var exclusionNames = [Exclusions]string{"", "arp", "dhcp", "metadata", "ntp", "windows_activation", "amazon_dns", "own_copy"}

func (e Exclusion) String() string { return exclusionNames[e] }

// Outcome is what happened to a frame at one source.
type Outcome uint8

// Every frame that a source sees ends in exactly one of these.
const (
	Missed   Outcome = iota // no session accepted it
	Matched                 // one session accepted it: it is to be mirrored
	Excluded                // its traffic type is never mirrored
)

func (o Outcome) String() string { return [...]string{"missed", "matched", "excluded"}[o] }

// NoRule is the Rule of a verdict that no rule decided.
const NoRule = -1

// NoSession is the Session of a verdict that is not Matched.
const NoSession = -1

// Verdict says what is to happen to one frame at one source, and why.
type Verdict struct {
	Source     int       // index in Snapshot.Sources
	Direction  Direction // of the frame, as that source sees it
	Outcome    Outcome
	Exclusion  Exclusion // valid iff Outcome is Excluded
	Session    int       // index in Snapshot.Sessions, valid iff Outcome is Matched, else NoSession
	Rule       int       // the accepting rule, index in Snapshot.RulesOf(Session, Direction); NoRule when amazon-dns accepted
	SampledOut bool      // Matched, but no copy is made: the flow is not in the session's sample (skipped: sampled)
	Inherited  bool      // from the datagram's first fragment: no rule was asked, and Rule is NoRule
}
