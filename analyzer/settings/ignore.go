package settings

import "github.com/bmatcuk/doublestar/v4"

// Ignores tells whether a path, relative to the repository's root and with slashes, matches one of
// IgnoredPaths. A broken pattern matches nothing: decoding has refused it with its line.
func (s Settings) Ignores(path string) bool { return matches(s.IgnoredPaths, path) }

// IsExample tells whether a path belongs to an example or a test: nobody's data is there.
func (s Settings) IsExample(path string) bool { return matches(s.ExamplePaths, path) }

func matches(patterns []string, path string) bool {
	for _, pattern := range patterns {
		if ok, err := doublestar.Match(pattern, path); err == nil && ok {
			return true
		}
	}
	return false
}
