// Package ec2 answers the EC2 Query API (version 2016-11-15) for traffic mirroring, as one of the
// services behind the AWS-compatible door: parameters in, XML out.
//
// One table, actions, names for each action what it takes (decoded strictly by tables of fields),
// what it is on (asked of the Authorizer before anything changes), what it does and how the answer
// is written. It changes nothing but through ctl/store, in the same transactions and with the same
// judgement as the control socket; store_faults.go turns the store's codes into EC2's.
//
// A caller sees what its own account owns, targets shared with it, and sessions on its targets.
// Everything else does not exist for it, in every action.
package ec2
