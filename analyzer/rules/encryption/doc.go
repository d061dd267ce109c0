// Package encryption owns the rules about services that store data: whether they encrypt it, and with which key.
// The table of services is in analyzer/kms.
package encryption
