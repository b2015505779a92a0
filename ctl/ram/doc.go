// Package ram answers the API of AWS Resource Access Manager (rest-json, version 2018-01-04) as far
// as traffic mirror targets go: shares with accounts and with the owner's organisation, invitations
// and their answers, and what is shared by and with whom.
//
// It changes nothing but through ctl/store, whose rules are those of docs/semantics.md. A share that
// an account may not see is to it as if it were not there.
package ram
