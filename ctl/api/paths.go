package api

// Paths of version 1. Where a path ends in {ref} it takes a name or an identifier; a name is
// looked up in the account of the query parameter ownerId, or the default one.
const (
	PathInterfaces    = "/v1/interfaces"     // GET list, POST create; /{ref} GET, PATCH, DELETE
	PathTargets       = "/v1/targets"        // same
	PathFilters       = "/v1/filters"        // same
	PathRules         = "/v1/rules"          // same; a rule has no name, {ref} is its identifier
	PathSessions      = "/v1/sessions"       // same
	PathLoadBalancers = "/v1/load-balancers" // same
	PathShares        = "/v1/shares"         // same
	PathInvitations   = "/v1/invitations"    // /{id} POST an answer
	PathAccounts      = "/v1/accounts"       // GET
	PathTags          = "/v1/tags"           // /{id} GET, PUT replace all, PATCH set or null to remove, DELETE all
	PathApply         = "/v1/apply"          // POST a document, ?dryRun=true&keepOthers=true
	PathExport        = "/v1/export"         // GET the document
	PathExplain       = "/v1/explain"        // POST
	PathState         = "/v1/state"          // GET
	PathStats         = "/v1/stats"          // GET, ?kind=ports,sessions,sources,rules,laws&session=REF&source=REF
	PathWatch         = "/v1/watch"          // GET ?from=REVISION, one Event a line as it happens
	PathChanges       = "/v1/changes"        // GET ?resource=ID&limit=&before=, the last events
	PathHealth        = "/v1/health"         // GET
	PathReady         = "/v1/ready"          // GET
	PathVersion       = "/v1/version"        // GET
	PathReload        = "/v1/reload"         // POST, ?dryRun=true
	PathLogLevel      = "/v1/log-level"      // PUT
	PathSimulate      = "/v1/iam/simulate"   // POST
	PathCapture       = "/v1/capture"        // POST, answered with a stream; GET those that run; /{id} DELETE ends one
	PathConsoleLinks  = "/v1/console-links"  // POST
	PathAudit         = "/v1/audit"          // GET, ?limit=&before=&user=&action=&resource=&outcome=&door=&search=; /{position} GET
	PathOpenAPI       = "/v1/openapi.json"   // GET
)
