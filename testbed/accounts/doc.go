// Package accounts judges what accounts can do to each other through the whole AWS endpoint: every action of every
// service, with every kind of resource in every place that names one, by the owner, by whom it is shared with, by whom
// is invited only, and by a stranger.
package accounts
