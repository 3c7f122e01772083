"""What tells programs that a picture was edited by a model: an XMP packet with IPTC's digital source type.

XMP in PNG is the text `KEY` (Adobe's XMP specification, part 3); the property and its terms are IPTC's (Photo Metadata
Standard, NewsCodes "digitalsourcetype").
"""

from refedit import __version__

KEY = "XML:com.adobe.xmp"
SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
"""A picture of which a part was made by a trained model, and the rest was not."""

_PACKET = """<?xpacket begin="\N{ZERO WIDTH NO-BREAK SPACE}" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about=""
    xmlns:xmp="http://ns.adobe.com/xap/1.0/"
    xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
    xmp:CreatorTool="RefEdit {version}"
    Iptc4xmpExt:DigitalSourceType="{source_type}"/>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="r"?>"""


def packet() -> str:
    """The packet that every result carries."""
    return _PACKET.format(version=__version__, source_type=SOURCE_TYPE)
