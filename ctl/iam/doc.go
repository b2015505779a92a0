// Package iam decides who may do what: principals (accounts, users, groups), access keys, IAM
// policy documents and their evaluation.
//
// It knows nothing of requests or of resources: a door (the control socket, the AWS endpoint, the
// console) says who asks, the caller says which action on which resources under which conditions,
// and an Authorizer answers with the statement that decided.
package iam
