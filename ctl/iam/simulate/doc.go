// Package simulate puts what a user asks of policies, over the control socket or of a file, into the
// words of ctl/iam, and the answer into those of ctl/api. Both ways must mean the same.
package simulate
