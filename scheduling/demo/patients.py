"""Names of patients who do not exist, in the scripts that a portal must be able to write."""

LAKESIDE = """
Margaret Holloway; Zoë Ångström-Hale; Nguyễn Thị Hồng Hạnh; Владимир Соколов; José Ramón Ibáñez
王秀英; Ελένη Παπαδοπούλου; Aoife Ní Bhriain; Tadeusz Wiśniewski; 佐藤 健一; Ama Owusu-Boateng
Søren Kjærgaard; Ольга Шевченко; Chloë Beauchêne; 김민수; Darnell Whitaker; Łucja Żółkiewska
Theodore Brandt; Gökçe Öztürk; Trần Quốc Bảo; Imani Robinson; Björn Þórsson; Rosalía Núñez
Catherine O’Rourke; Jiří Dvořák; 陳美玲; Harold Pennington; Αλέξανδρος Νικολάου; Mónica Peña
Gwendolyn Ashby; Nicolae Țăranu; Leilani Kahananui; Мария Иванова; François Lefèvre; 高橋 美咲
Walter Grünewald; Siobhán McDermott; Anahí Gutiérrez; Ernest Laskowski; Beatrix Van den Berg
"""
CEDAR = """
Élodie Gagnon; 李建国; Harjit Kaur Dhillon; Phạm Minh Đức; Duncan MacAulay; 박지영; Noémie Côté
Ксения Орлова; Owen Whitecloud; Anneliese Schröder; 山本 大輔; Teresa Moñino
"""
MARLOWE = """
Rhiannon Llewellyn; Ζωή Καραγιάννη; Oluwaseun Adébáyò; Béla Szőke; Matilda Thackeray
Małgorzata Kaźmierczak; Иван Петров; Niamh Gallagher; Đặng Thu Hà; Cosmin Brătescu; 林 志明
"""


def _names(block):
    return [name.strip() for line in block.split("\n") for name in line.split(";") if name.strip()]


# By practice, in the order of `people.PRACTICES`.
NAMES = [_names(block) for block in (LAKESIDE, CEDAR, MARLOWE)]
