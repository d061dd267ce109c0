package simulator

import (
	"strings"
	"testing"
)

func FuzzParseDiff(f *testing.F) {
	f.Add([]byte(":100644 100644 aa bb M\x00main.tf\x00\x00diff --git a/main.tf b/main.tf\n--- a\n+++ b\n@@ -1 +1,2 @@ x\n-a\n+b\n+c\n"))
	f.Add([]byte(":100644 100644 aa bb R100\x00old\x00new\x00\x00diff --git a/old b/new\nsimilarity index 100%\n"))
	f.Add([]byte(":100644 120000 aa bb T\x00link\x00\x00diff --git a b\ndiff --git a b\n"))
	f.Add([]byte(":"))
	f.Fuzz(func(t *testing.T, out []byte) {
		files, err := parseDiff(out)
		if err != nil {
			return
		}
		for _, file := range files {
			for i := range file.hunks {
				file.hunks[i].contains("RIGHT", 1)
			}
			mapLines(file, 1, 3)
		}
	})
}

func FuzzParseTree(f *testing.F) {
	f.Add([]byte("100644 a.tf\x00" + strings.Repeat("x", 20)))
	f.Add([]byte("40000 dir\x00" + strings.Repeat("x", 19)))
	f.Add([]byte("100644"))
	f.Fuzz(func(t *testing.T, content []byte) {
		entries, err := parseTree(content)
		for _, e := range entries {
			if err == nil && len(e.sha) != 40 {
				t.Errorf("entry %+v", e)
			}
		}
	})
}

func FuzzSuggestion(f *testing.F) {
	f.Add("```suggestion\na\n```")
	f.Add("````suggestion\n```\n````")
	f.Add("- ```suggestion\n  a\n  ```\n> ~~~suggestion\n> b")
	f.Add("```suggestion")
	f.Fuzz(func(t *testing.T, body string) {
		text, err := suggestionOf(body)
		if err == nil && text != "" && !strings.HasSuffix(text, "\n") {
			t.Errorf("suggestion %q has no line end", text)
		}
	})
}

func FuzzQuotePath(f *testing.F) {
	f.Add(`a"b\c`)
	f.Add("tab\tline\n")
	f.Fuzz(func(t *testing.T, path string) {
		quoted := quotePath(path)
		if strings.ContainsAny(quoted, "\n\x00") || !strings.HasPrefix(quoted, `"`) || !strings.HasSuffix(quoted, `"`) {
			t.Errorf("%q is quoted as %q", path, quoted)
		}
	})
}
