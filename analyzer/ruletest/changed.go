package ruletest

import (
	"bytes"
	"sort"

	"github.com/kms-review/kms-review/analyzer"
)

// changed lists the files that differ, with their lines, as a diff would.
func changed(base, head map[string]string) []analyzer.ChangedFile {
	var files []analyzer.ChangedFile
	for path, text := range head {
		before, existed := base[path]
		if existed && before == text {
			continue
		}
		f := analyzer.ChangedFile{Path: path}
		if existed {
			f.OldPath = path
		}
		f.Removed, f.Added = diffLines(splitLines(before), splitLines(text))
		files = append(files, f)
	}
	for path, before := range base {
		if _, exists := head[path]; !exists {
			removed, _ := diffLines(splitLines(before), nil)
			files = append(files, analyzer.ChangedFile{OldPath: path, Removed: removed})
		}
	}
	sort.Slice(files, func(i, j int) bool { return files[i].Path+files[i].OldPath < files[j].Path+files[j].OldPath })
	return files
}

// diffLines gives the line numbers, from 1, that are only in one of two texts, by their longest common
// subsequence. Examples are short, so the quadratic table is.
func diffLines(before, after [][]byte) (removed, added []int) {
	common := make([][]int, len(before)+1)
	for i := range common {
		common[i] = make([]int, len(after)+1)
	}
	for i := len(before) - 1; i >= 0; i-- {
		for j := len(after) - 1; j >= 0; j-- {
			if bytes.Equal(before[i], after[j]) {
				common[i][j] = common[i+1][j+1] + 1
			} else {
				common[i][j] = max(common[i+1][j], common[i][j+1])
			}
		}
	}
	i, j := 0, 0
	for i < len(before) || j < len(after) {
		switch {
		case i < len(before) && j < len(after) && bytes.Equal(before[i], after[j]):
			i, j = i+1, j+1
		case j == len(after) || i < len(before) && common[i+1][j] >= common[i][j+1]:
			i++
			removed = append(removed, i)
		default:
			j++
			added = append(added, j)
		}
	}
	return removed, added
}
