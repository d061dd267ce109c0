// Package review owns the way from a change to what is said about it: on GitHub for the App, and on this machine for
// the command line. It decides nothing about Terraform and knows no wire format.
package review
