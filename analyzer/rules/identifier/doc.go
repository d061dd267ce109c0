// Package identifier owns the rules about how a key is named: by which form of identifier, through which alias, and from
// which Region. What each service takes is in analyzer/kms/services.
package identifier
