// Package consumer owns the rules about services and the keys that they are given: whether a service can use a key of
// that kind at all. Which services there are, and who uses which key, is in analyzer/kms.
package consumer
