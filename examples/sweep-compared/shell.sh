#!/bin/bash
# The same with a shell: a file for each trial, which is not trained again where it is there.
set -euo pipefail
trial() {
  file=shell-out/$1-$2-$3-$4.csv
  [ -s "$file" ] && return
  ate study --preset focused --epochs 2 --jobs 1 --arms "$3" --seeds "$4" --set optimiser.learning_rate="$1" \
    --set body.width="$2" --out "shell-out/$1-$2-$3-$4" -q --format json >"$file.json"
  python3 -c 'import json, sys; print(*sys.argv[2:], json.load(open(sys.argv[1]))["trials"][0]["val_loss"], sep=",")' \
    "$file.json" "$@" >"$file.part"
  mv "$file.part" "$file"
}
export -f trial
mkdir -p shell-out
for rate in 1e-4 3e-4 1e-3 3e-3 1e-2 3e-2; do
  for width in 16 24 32 48; do
    for arm in standard bespoke; do
      for seed in 0 1 2 3; do echo "$rate $width $arm $seed"; done
    done
  done
done | xargs -P 2 -L 1 bash -c 'trial "$@"' trial
echo rate,width,arm,seed,loss
cat shell-out/*.csv
