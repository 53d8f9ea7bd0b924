"""Our features are faster-whisper's, so its weights mean the same to us."""

from __future__ import annotations

import numpy as np
import pytest
from faster_whisper.feature_extractor import FeatureExtractor

from asr_models.logmel import LogMel


@pytest.mark.parametrize("bands", [80, 128])
@pytest.mark.parametrize("samples", [160, 300, 3333, 48000, 159_950, 160_000])
def test_the_numbers_are_those_of_faster_whisper(samples: int, bands: int) -> None:
    clip = np.random.default_rng(0).standard_normal(samples).astype(np.float32) * 0.1
    whole = np.zeros(160_000, np.float32)
    whole[:samples] = clip
    expected = FeatureExtractor(feature_size=bands)(whole, padding=0)
    assert np.allclose(LogMel(bands)(clip, 1000), expected, atol=1e-5)
